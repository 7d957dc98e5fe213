-- Indexes of River that only searching its jobs by kind, arguments or metadata
-- needs: its web interface does that, this program does not. They were half of
-- what a task writes to the log, three times over: when it is taken on, fetched
-- and done. What is looked for by state, and by id, keeps its own.
DROP INDEX river_job_args_index, river_job_metadata_index, river_job_kind;
