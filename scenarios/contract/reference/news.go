package reference

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/jackc/pgx/v5/pgxpool"

	"holdfast.dev/holdfast/harness/load"
	"holdfast.dev/holdfast/harness/standing"
	"holdfast.dev/holdfast/reference/schema"
)

// Words of the news, which no project of the data holds.
const (
	newWord     = "zwitterfrisch"
	renamedWord = "zwitterneu"
)

// newProject is the id of a project that is written while the services run: beyond
// those of any data set.
const newProject int64 = 900_000_000

// searchNews is a project that comes, is renamed and goes again.
func searchNews() []standing.News {
	const id = newProject
	ask := func(word string) load.Request { return load.Request{Path: "/search?q=" + url.QueryEscape(word)} }
	found := func(want bool) func(load.Answer) bool {
		return func(a load.Answer) bool {
			var page struct {
				Results []struct {
					ID int64 `json:"id"`
				} `json:"results"`
			}
			if a.Status != http.StatusOK || json.Unmarshal(a.Body, &page) != nil {
				return false
			}
			return want == (len(page.Results) == 1 && page.Results[0].ID == id)
		}
	}
	return []standing.News{
		{Name: "a project", Ask: ask(newWord), Shows: found(true), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.AddProject(ctx, db, id, "Un "+newWord+" projet")
		}},
		{Name: "a project's other title", Ask: ask(renamedWord), Shows: found(true), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.RenameProject(ctx, db, id, "Un "+renamedWord+" projet")
		}},
		{Name: "that a project is gone", Ask: ask(renamedWord), Shows: found(false), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.RemoveProject(ctx, db, id)
		}},
	}
}

// nobody is an address at which nobody listens, so that the news of an oracle costs no
// fake a call.
const nobody = "http://127.0.0.1:9/"

// impactNews is a project that comes, gets an oracle, loses it, and goes again.
func impactNews() []standing.News {
	const id = newProject
	ask := load.Request{Path: fmt.Sprintf("/projects/%d/impact", id)}
	active := func(want int) func(load.Answer) bool {
		return func(a load.Answer) bool {
			var got struct{ Active *int }
			return a.Status == http.StatusOK && json.Unmarshal(a.Body, &got) == nil && got.Active != nil && *got.Active == want
		}
	}
	gone := func(a load.Answer) bool { return a.Status == http.StatusNotFound }
	return []standing.News{
		{Name: "a project", Ask: ask, Shows: active(0), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.AddProject(ctx, db, id, "Un "+newWord+" projet")
		}},
		{Name: "an oracle of a project", Ask: ask, Shows: active(1), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.AddOracles(ctx, db, id, []schema.Oracle{{Name: "new", URL: nobody, Active: true}})
		}},
		{Name: "that an oracle is not active", Ask: ask, Shows: active(0), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.SwitchOracles(ctx, db, id, false)
		}},
		{Name: "that a project is gone", Ask: ask, Shows: gone, Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.RemoveProject(ctx, db, id)
		}},
	}
}
