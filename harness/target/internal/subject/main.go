// Command subject is the program that the tests of package target run: a small
// server that can be told to misbehave in every way that a target may.
//
// Paths: /readyz, /crash?code=N, /allocate?mb=N, /say?text=T, /pid.
// Environment: LISTEN_ADDR, and SUBJECT_ with NEVER_READY, IGNORE_TERM,
// DIE_AT_ONCE (any value each), SECRET (printed), ESCAPEE (any value: starts a
// copy of itself in a session of its own, which only its mark betrays), WORKERS (how
// many children it forks, and forks again when they die), DAEMON (a text: starts a
// process in a session of its own, with no parent, no environment, deaf to SIGTERM,
// and that text in its command), TITLED (a text: starts a child in a session of its
// own which has written over its environment, with that text in its command), CRASH_AFTER (a duration, after which it exits with
// code 1).
package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 && linger(os.Args[1]) {
		return
	}
	address := os.Getenv("LISTEN_ADDR")
	fmt.Println("args", os.Args[1:])
	fmt.Printf("variables: %d.\n", len(os.Environ()))
	if secret := os.Getenv("SUBJECT_SECRET"); secret != "" {
		fmt.Println("connecting with", secret)
	}
	if os.Getenv("SUBJECT_DIE_AT_ONCE") != "" {
		fmt.Fprintln(os.Stderr, "fatal: no reason to live")
		os.Exit(3)
	}
	if os.Getenv("SUBJECT_IGNORE_TERM") != "" {
		signal.Ignore(syscall.SIGTERM)
	} else {
		leaveOnTerm()
	}
	if os.Getenv("SUBJECT_ESCAPEE") != "" {
		escape()
	}
	fork()
	if after, err := time.ParseDuration(os.Getenv("SUBJECT_CRASH_AFTER")); err == nil {
		time.AfterFunc(after, func() { os.Exit(1) })
	}
	fmt.Println("listening on", address)
	if err := http.ListenAndServe(address, handler()); err != nil {
		fmt.Fprintln(os.Stderr, "fatal:", err)
		os.Exit(1)
	}
}

func leaveOnTerm() {
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		fmt.Println("leaving")
		os.Exit(0)
	}()
}

func escape() {
	child := exec.Command("/proc/self/exe", "linger")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := child.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "fatal:", err)
		os.Exit(1)
	}
	fmt.Println("escapee", child.Process.Pid)
}

// linger is what its children do.
func linger(as string) bool {
	switch as {
	case "daemonize":
		daemon := exec.Command("/proc/self/exe", "daemon", os.Args[2])
		daemon.Env = []string{}
		daemon.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = daemon.Start()
		return true
	case "daemon":
		signal.Ignore(syscall.SIGTERM)
	case "linger", "worker", "titled":
	default:
		return false
	}
	time.Sleep(time.Minute) // bounded, should every other way of ending it fail
	return true
}

// fork starts the children.
func fork() {
	workers, _ := strconv.Atoi(os.Getenv("SUBJECT_WORKERS"))
	for range workers {
		child := exec.Command("/proc/self/exe", "worker")
		_ = child.Start()
		go func() {
			for {
				_ = child.Wait()
				fmt.Println("a worker died")
				child = exec.Command("/proc/self/exe", "worker")
				_ = child.Start()
			}
		}()
	}
	if text := os.Getenv("SUBJECT_TITLED"); text != "" {
		child := exec.Command("/proc/self/exe", "titled", text)
		child.Env = []string{"worker [app]"}
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		_ = child.Start()
	}
	if text := os.Getenv("SUBJECT_DAEMON"); text != "" {
		_ = exec.Command("/proc/self/exe", "daemonize", text).Run()
	}
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv("SUBJECT_NEVER_READY") != "" {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/crash", func(_ http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(os.Stderr, "crashing as told")
		os.Exit(number(r, "code"))
	})
	mux.HandleFunc("/say", func(_ http.ResponseWriter, r *http.Request) { fmt.Println(r.URL.Query().Get("text")) })
	mux.HandleFunc("/pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	var held [][]byte
	mux.HandleFunc("/allocate", func(_ http.ResponseWriter, r *http.Request) {
		for range number(r, "mb") {
			block := make([]byte, 1_000_000)
			for i := 0; i < len(block); i += 1024 {
				block[i] = 1
			}
			held = append(held, block)
		}
	})
	return mux
}

func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name))
	return n
}
