// Command entrypoint is process 1 of the image that package databasetest makes:
// it does with POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and PGDATA what the
// official image's script does, and then becomes postgres.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// The user that the image's /etc/passwd calls postgres.
const uid, gid = 999, 999

func main() {
	if err := run(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "entrypoint:", err)
		os.Exit(1)
	}
}

func run(args []string, getenv func(string) string) error {
	bin, data := getenv("PGBIN"), getenv("PGDATA")
	user, password := getenv("POSTGRES_USER"), getenv("POSTGRES_PASSWORD")
	if user == "" {
		user = "postgres"
	}
	if password == "" {
		return fmt.Errorf("POSTGRES_PASSWORD is not set")
	}
	if len(args) == 0 || args[0] != "postgres" {
		return fmt.Errorf("the command must be postgres, with its arguments")
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	if err := os.Chown(data, uid, gid); err != nil {
		return err
	}
	if err := becomePostgres(); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(data, "PG_VERSION")); err != nil {
		if err := initialize(bin, data, user, password, getenv("POSTGRES_DB")); err != nil {
			return err
		}
	}
	server := filepath.Join(bin, "postgres") // it finds its files by the path it is called by
	args = append([]string{server, "-D", data, "-c", "listen_addresses=*"}, args[1:]...)
	return syscall.Exec(server, args, os.Environ())
}

func becomePostgres() error {
	if err := syscall.Setgroups(nil); err != nil {
		return err
	}
	if err := syscall.Setgid(gid); err != nil {
		return err
	}
	return syscall.Setuid(uid)
}

func initialize(bin, data, user, password, database string) error {
	file := "/tmp/password"
	if err := os.WriteFile(file, []byte(password), 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", user, "--pwfile", file,
		"--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8", "--locale", "C", "--lc-ctype", "C.UTF-8")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	rules, err := os.OpenFile(filepath.Join(data, "pg_hba.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer rules.Close()
	if _, err := rules.WriteString("host all all all scram-sha-256\n"); err != nil {
		return err
	}
	if database == "" || database == "postgres" {
		return nil
	}
	single := exec.Command(filepath.Join(bin, "postgres"), "--single", "-D", data, "postgres")
	single.Stdin = strings.NewReader(`CREATE DATABASE "` + strings.ReplaceAll(database, `"`, `""`) + `";` + "\n")
	if out, err := single.CombinedOutput(); err != nil {
		return fmt.Errorf("create database: %w: %s", err, out)
	}
	return nil
}
