package task

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// statementTimeout bounds the wait for a connection and one statement on it.
const statementTimeout = 10 * time.Second

// store is what the tasks read and write beside River's own tables.
type store struct{ pool *pgxpool.Pool }

// project is what a mail to its owner needs.
type project struct{ title, owner, email string }

// project reads a project and its owner. That there is none is a [taskError].
func (s store) project(ctx context.Context, id int64) (project, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var p project
	err := s.pool.QueryRow(ctx, `SELECT p.title, o.name, o.email
		FROM projects p JOIN owners o ON o.id = p.owner_id WHERE p.id = $1`, id).Scan(&p.title, &p.owner, &p.email)
	if err == pgx.ErrNoRows {
		return p, &taskError{causeNoProject, "there is no such project"}
	}
	if err != nil {
		return p, &databaseError{doing: "read the project", err: err}
	}
	return p, nil
}

// settled reads which messages of a batch were sent ("") or refused (why).
func (s store) settled(ctx context.Context, task int64) (map[int]string, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	failed := func(err error) error { return &databaseError{doing: "read which messages are sent", err: err} }
	rows, err := s.pool.Query(ctx, "SELECT message, coalesce(refused, '') FROM task_messages WHERE task_id = $1", task)
	if err != nil {
		return nil, failed(err)
	}
	settled := map[int]string{}
	var message int
	var refused string
	if _, err := pgx.ForEachRow(rows, []any{&message, &refused}, func() error {
		settled[message] = refused
		return nil
	}); err != nil {
		return nil, failed(err)
	}
	return settled, nil
}

// settle writes which messages of a batch were sent or refused.
func (s store) settle(ctx context.Context, task int64, outcome map[int]string) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	var numbers []int
	var refused []string
	for n, reason := range outcome {
		numbers, refused = append(numbers, n), append(refused, reason)
	}
	_, err := s.pool.Exec(ctx, `INSERT INTO task_messages (task_id, message, refused)
		SELECT $1, n, nullif(reason, '') FROM unnest($2::int[], $3::text[]) AS u (n, reason)
		ON CONFLICT DO NOTHING`, task, numbers, refused)
	if err != nil {
		return &databaseError{doing: "write which messages are sent", write: true, err: err}
	}
	return nil
}
