package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"holdfast.dev/holdfast/harness/result"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/target/internal/cgroup"
	"holdfast.dev/holdfast/harness/target/internal/kin"
	"holdfast.dev/holdfast/harness/target/internal/peak"
	"holdfast.dev/holdfast/harness/undo"
)

const (
	enginePatience = 10 * time.Second       // for one request to the engine
	enginePause    = 100 * time.Millisecond // between two tries
	keepPatience   = 5 * time.Minute        // for data to be kept
	logPatience    = 2 * time.Second        // for the last log lines after the end
)

// life is one container, from its start until it is removed.
type life struct {
	engine  *engine
	journal *undo.Journal
	step    undo.Step
	run     string
	name    string
	limit   uint64
	log     func() io.WriteCloser
	// before is called with the container's name when it is made and not started, after
	// when it has ended. Nil: nothing is to be done.
	before, after func(ctx context.Context, name string) error

	hostPID int
	dir     string // of its memory cgroup; empty if unknown
	peak    *peak.Watch
	ended   chan struct{}

	mu   sync.Mutex // guards gone
	gone bool

	// set before ended is closed
	end     result.End
	endedAt time.Time
	err     error
}

// begin makes and starts the container and hands over to a goroutine that
// lives until it is removed.
func (l *life) begin(ctx context.Context, options client.ContainerCreateOptions) error {
	if _, err := l.engine.api.ContainerCreate(ctx, options); err != nil {
		return fmt.Errorf("make the container: %w", err)
	}
	if l.before != nil {
		if err := l.before(ctx, l.name); err != nil {
			return err
		}
	}
	if _, err := l.engine.api.ContainerStart(ctx, l.name, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	if state, err := l.inspect(); err == nil {
		l.hostPID = state.Pid // 0 if it ended already
		l.dir, _ = cgroup.DirOf(fmt.Sprintf("/proc/%d", state.Pid), cgroup.Memory)
	}
	l.peak = peak.Start(l.hostPID)
	go l.live()
	return nil
}

func (l *life) live() {
	defer close(l.ended)
	follow, stopFollowing := context.WithCancel(context.Background())
	defer stopFollowing()
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		l.followLog(follow)
	}()
	state, err := l.awaitEnd()
	l.mu.Lock()
	l.gone = true
	l.mu.Unlock()
	l.endedAt = time.Now()
	l.end = l.describeEnd(state, l.peak.Stop(nil))
	select {
	case <-logged:
	case <-time.After(logPatience):
		stopFollowing()
		<-logged
	}
	if l.after != nil && state != nil {
		err = errors.Join(err, l.keep())
	}
	l.err = errors.Join(err, l.remove())
}

// awaitEnd waits until the container no longer runs. It asks again when the
// engine's answer is cut off, and gives up when the engine is gone for long.
func (l *life) awaitEnd() (*container.State, error) {
	lastHeard := time.Now()
	for {
		state, err := l.inspect()
		switch {
		case err == nil && !state.Running && state.Status != container.StateCreated:
			return state, nil
		case err == nil:
			lastHeard = time.Now()
			l.waitOnce()
		case errdefs.IsNotFound(err):
			return nil, fmt.Errorf("container %s was removed by someone else: %w", l.name, err)
		case time.Since(lastHeard) > enginePatience:
			return nil, fmt.Errorf("the Docker engine no longer answers for container %s: %w", l.name, err)
		}
		time.Sleep(enginePause / 10)
	}
}

// waitOnce blocks as long as the container runs and the engine keeps the line.
func (l *life) waitOnce() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	wait := l.engine.api.ContainerWait(ctx, l.name, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case <-wait.Result:
	case <-wait.Error:
	}
}

func (l *life) inspect() (*container.State, error) {
	ctx, cancel := context.WithTimeout(context.Background(), enginePatience)
	defer cancel()
	found, err := l.engine.api.ContainerInspect(ctx, l.name, client.ContainerInspectOptions{})
	if err != nil {
		return nil, err
	}
	if found.Container.State == nil {
		return nil, errors.New("the engine told no state")
	}
	return found.Container.State, nil
}

func (l *life) followLog(ctx context.Context) {
	out, errOut := l.log(), l.log()
	defer out.Close()
	defer errOut.Close()
	stream, err := l.engine.api.ContainerLogs(ctx, l.name, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
	if err != nil {
		fmt.Fprintf(errOut, "(holdfast: its log cannot be read: %v)\n", err)
		return
	}
	defer stream.Close()
	_, _ = stdcopy.StdCopy(out, errOut, stream) // ends with the container or with ctx
}

// describeEnd translates the engine's state, nil if it is not known. After a
// kill for memory the peak is left out: what was last seen is from before it.
func (l *life) describeEnd(state *container.State, peak *uint64) result.End {
	end := result.End{PeakRSSBytes: peak}
	if l.limit > 0 {
		end.LimitBytes = &l.limit
	}
	if state == nil {
		return end
	}
	code := state.ExitCode
	end.ExitCode = &code
	if number := code - 128; number > 0 && unix.SignalName(syscall.Signal(number)) != "" {
		end.Signal = syscall.Signal(number).String()
	}
	if state.OOMKilled && end.Signal == syscall.SIGKILL.String() {
		end.OOMKilled, end.PeakRSSBytes = true, nil
		end.OOMEvidence = fmt.Sprintf("docker inspect: OOMKilled, exit code %d", code)
	}
	return end
}

// keep does what is to be done before it is removed.
func (l *life) keep() error {
	ctx, cancel := context.WithTimeout(context.Background(), keepPatience)
	defer cancel()
	return l.after(ctx, l.name)
}

// remove removes the container for certain and crosses it out.
func (l *life) remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), enginePatience)
	defer cancel()
	if err := l.engine.removeContainer(ctx, l.name, l.run); err != nil {
		return err
	}
	return l.journal.Done(l.step)
}

// PID implements [target.Life]. The engine tells of an end late: the kernel knows it
// before.
func (l *life) PID() (int32, bool) {
	l.mu.Lock()
	gone := l.gone || l.hostPID <= 0
	l.mu.Unlock()
	return int32(l.hostPID), !gone && kin.Alive(int32(l.hostPID))
}

// MemoryDir implements [target.Life].
func (l *life) MemoryDir() (string, bool) { return l.dir, l.dir != "" }

// Members are its processes on this machine, as far as its cgroup is known.
func (l *life) Members() []kin.Process {
	if _, running := l.PID(); !running || l.dir == "" {
		return nil
	}
	return kin.InGroup(l.dir)
}

// OOMKills counts what ended it alone: of its cgroup nothing is left at the end.
func (l *life) OOMKills() []time.Time {
	select {
	case <-l.ended:
		if l.end.OOMKilled {
			return []time.Time{l.endedAt}
		}
	default:
	}
	return nil
}

// Signal goes through the engine, which may send what we may not, to the main
// process. The others, if all are meant, are told by ourselves; of what only the
// engine may reach they are the engine's affair: SIGKILL to the main process ends
// all.
func (l *life) Signal(sig syscall.Signal, all bool) error {
	if err := l.signalMain(sig); err != nil || !all {
		return err
	}
	for _, p := range l.Members() {
		if p.PID == int32(l.hostPID) {
			continue
		}
		if err := kin.Send(p, sig); err != nil && !errors.Is(err, os.ErrProcessDone) && sig != syscall.SIGKILL {
			return fmt.Errorf("signal another process of container %s: %w", l.name, err)
		}
	}
	return nil
}

func (l *life) signalMain(sig syscall.Signal) error {
	l.mu.Lock()
	gone := l.gone
	l.mu.Unlock()
	if gone {
		return target.ErrNotRunning
	}
	l.peak.Look()
	ctx, cancel := context.WithTimeout(context.Background(), enginePatience)
	defer cancel()
	_, err := l.engine.api.ContainerKill(ctx, l.name, client.ContainerKillOptions{Signal: fmt.Sprint(int(sig))})
	if errdefs.IsConflict(err) || errdefs.IsNotFound(err) {
		return fmt.Errorf("%w: %w", target.ErrNotRunning, err)
	}
	return err
}

// Done implements [target.Life].
func (l *life) Done() <-chan struct{} { return l.ended }

// Outcome implements [target.Life].
func (l *life) Outcome() (result.End, error) { return l.end, l.err }
