package schema

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/reference/internal/dbtest"
)

// What is told of a project is what stands in the tables.
func TestRowsAreWhatIsSeeded(t *testing.T) {
	t.Parallel()
	const projects = 300
	conn := seeded(t, projects, 7)
	row := Rows(Params{Projects: projects, Seed: 7})
	for _, id := range []int64{1, 2, 59, 150, 299, 300} {
		var got Row
		require.NoError(t, conn.QueryRow(context.Background(), `
			SELECT p.id, p.title, p.description, c.name, y.name, o.name, p.status, p.goal_cents, p.raised_cents, p.created_at,
				ARRAY(SELECT t.name FROM project_tags pt JOIN tags t ON t.id = pt.tag_id WHERE pt.project_id = p.id ORDER BY t.name)
			FROM projects p JOIN categories c ON c.id = category_id JOIN cities y ON y.id = city_id JOIN owners o ON o.id = owner_id
			WHERE p.id = $1`, id).Scan(&got.ID, &got.Title, &got.Description, &got.Category, &got.City, &got.Owner, &got.Status,
			&got.GoalCents, &got.RaisedCents, &got.CreatedAt, &got.Tags))
		want := row(id)
		require.ElementsMatch(t, want.Tags, got.Tags)
		require.True(t, want.CreatedAt.Equal(got.CreatedAt))
		want.Tags, got.Tags, want.CreatedAt, got.CreatedAt = nil, nil, time.Time{}, time.Time{}
		require.Equal(t, want, got)
	}
}

// Further projects are searched as any that a program writes.
func TestFurtherProjectsAreSearched(t *testing.T) {
	t.Parallel()
	dsn := databases.Empty(t)
	ctx := context.Background()
	require.NoError(t, Seed(ctx, dsn, Params{Projects: 10, Seed: 1}))
	further := []Row{
		{ID: 11, Title: "Œuvres", Description: "x", Category: "Neuve", City: "Paris", Tags: []string{"été", "un"}, Owner: "Owner 1", Status: "active", GoalCents: 1, CreatedAt: firstDay},
		{ID: 12, Title: "Autre", Description: "", Category: "Neuve", City: "Paris", Owner: "Nobody", Status: "draft", GoalCents: 2, CreatedAt: firstDay},
	}
	conn := dbtest.Connect(t, dsn)
	require.NoError(t, AddProjects(ctx, conn, further))
	documents := dbtest.Values[string](t, conn, "SELECT document FROM search_documents WHERE project_id > 10 ORDER BY project_id")
	require.Len(t, documents, 2)
	require.Equal(t, "autre  neuve paris", documents[1])
	require.True(t, slices.Contains([]string{"oeuvres x neuve paris ete un", "oeuvres x neuve paris un ete"}, documents[0]), documents[0])
	require.Equal(t, []string{"Owner 1", "Nobody"}, dbtest.Values[string](t, conn, "SELECT o.name FROM projects p JOIN owners o ON o.id = owner_id WHERE p.id > 10 ORDER BY p.id"))
	require.ErrorContains(t, AddProjects(ctx, conn, further[:1]), "project 11", "it is there already")
}
