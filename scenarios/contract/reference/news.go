package reference

import (
	"context"
	"encoding/json"
	"errors"
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
	return []standing.News{
		found(newWord, true, "a project", addProject),
		found(renamedWord, true, "a project's other title", renamed("Un "+renamedWord+" projet")),
		found(renamedWord, false, "that a project is gone", removeProject),
	}
}

// everyNews is a project to each part of which, in turn, a word comes that it is found by,
// which is changed where it is a name that others could carry as well, and goes again,
// with nothing in its place.
func everyNews() []standing.News {
	all := []standing.News{
		found(newWord, true, "a project", addProject),
		found(newWord, false, "that a word of the title is gone", renamed("Un projet")),
		found("zwittertext", true, "a word of the description", changing("UPDATE projects SET description = 'Zwittertext' WHERE id = $1")),
		found("zwittertext", false, "that it is gone", changing("UPDATE projects SET description = '' WHERE id = $1")),
		found("zwittermarke", true, "another tag", changing(`WITH t AS (INSERT INTO tags (name) VALUES ('zwittermarke') RETURNING id)
			INSERT INTO project_tags SELECT $1, id FROM t`)),
		found("zwitterzeichen", true, "a tag's other name", changing(`UPDATE tags SET name = 'zwitterzeichen'
			WHERE id IN (SELECT tag_id FROM project_tags WHERE project_id = $1) AND name = 'zwittermarke'`)),
		found("zwitterzeichen", false, "that it is gone", changing(`WITH p AS (DELETE FROM project_tags WHERE project_id = $1 RETURNING tag_id)
			DELETE FROM tags WHERE id IN (SELECT tag_id FROM p) AND name = 'zwitterzeichen'`)),
	}
	for _, of := range []struct{ one, table, column string }{{"category", "categories", "category_id"}, {"city", "cities", "city_id"}} {
		first, then := "zwitter"+of.one, "zwitterneu"+of.one
		all = append(all,
			found(first, true, "another "+of.one, changing(fmt.Sprintf(`WITH n AS (INSERT INTO %s (name) VALUES ('%s') RETURNING id)
				UPDATE projects SET %s = (SELECT id FROM n) WHERE id = $1`, of.table, first, of.column))),
			found(then, true, "its other name", changing(fmt.Sprintf(`UPDATE %s SET name = '%s'
				WHERE id = (SELECT %s FROM projects WHERE id = $1) AND name = '%s'`, of.table, then, of.column, first))),
			found(then, false, "that it is gone", changing(fmt.Sprintf(`WITH p AS (UPDATE projects SET %[3]s = (SELECT min(id) FROM %[1]s) WHERE id = $1 RETURNING id)
				DELETE FROM %[1]s WHERE name = '%[2]s' AND EXISTS (SELECT FROM p)`, of.table, then, of.column))),
		)
	}
	return append(all,
		found(renamedWord, true, "a project's other title", renamed("Un "+renamedWord+" projet")),
		found(renamedWord, false, "that a project is gone", removeProject))
}

// found is the news by which the new project, and nothing else, is found by a word from
// then on, or not any more.
func found(word string, want bool, name string, write func(context.Context, *pgxpool.Pool) error) standing.News {
	return standing.News{
		Name: name, Write: write, Ask: load.Request{Path: "/search?q=" + url.QueryEscape(word)},
		Shows: func(a load.Answer) bool {
			var page struct {
				Results []struct {
					ID int64 `json:"id"`
				} `json:"results"`
			}
			if a.Status != http.StatusOK || json.Unmarshal(a.Body, &page) != nil {
				return false
			}
			return want == (len(page.Results) == 1 && page.Results[0].ID == newProject)
		},
	}
}

func addProject(ctx context.Context, db *pgxpool.Pool) error {
	return schema.AddProject(ctx, db, newProject, "Un "+newWord+" projet")
}

func removeProject(ctx context.Context, db *pgxpool.Pool) error {
	return schema.RemoveProject(ctx, db, newProject)
}

func renamed(title string) func(context.Context, *pgxpool.Pool) error {
	return func(ctx context.Context, db *pgxpool.Pool) error {
		return schema.RenameProject(ctx, db, newProject, title)
	}
}

// changing writes what a statement says of the new project, $1.
func changing(statement string) func(context.Context, *pgxpool.Pool) error {
	return func(ctx context.Context, db *pgxpool.Pool) error {
		done, err := db.Exec(ctx, statement, newProject)
		if err == nil && done.RowsAffected() == 0 {
			err = errors.New("nothing was changed")
		}
		return err
	}
}

// nobody is an address at which nobody listens, so that the news of an oracle costs no
// fake a call.
const nobody = "http://127.0.0.1:9/"

// impactNews is a project that comes, gets oracles, loses them, and goes again.
func impactNews() []standing.News {
	ask := load.Request{Path: fmt.Sprintf("/projects/%d/impact", newProject)}
	active := func(want int) func(load.Answer) bool {
		return func(a load.Answer) bool {
			var got struct{ Active *int }
			return a.Status == http.StatusOK && json.Unmarshal(a.Body, &got) == nil && got.Active != nil && *got.Active == want
		}
	}
	gone := func(a load.Answer) bool { return a.Status == http.StatusNotFound }
	return []standing.News{
		{Name: "a project", Ask: ask, Shows: active(0), Write: addProject},
		{Name: "two oracles of a project", Ask: ask, Shows: active(2), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.AddOracles(ctx, db, newProject, []schema.Oracle{{Name: "new", URL: nobody, Active: true}, {Name: "newer", URL: nobody, Active: true}})
		}},
		{Name: "that two oracles are not active", Ask: ask, Shows: active(0), Write: func(ctx context.Context, db *pgxpool.Pool) error {
			return schema.SwitchOracles(ctx, db, newProject, false)
		}},
		{Name: "that a project is gone", Ask: ask, Shows: gone, Write: removeProject},
	}
}
