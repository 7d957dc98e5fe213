package images_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/backing"
	"holdfast.dev/holdfast/backing/images"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/harness/target"
	"holdfast.dev/holdfast/harness/undo"
)

// broker is a program that keeps one line in a folder of its image, and tells what
// it was told to advertise.
const broker = `package main

import ("bufio"; "fmt"; "net"; "os"; "strings")

func main() {
	l, err := net.Listen("tcp", os.Getenv("LISTEN"))
	if err != nil { fmt.Println(err); os.Exit(1) }
	fmt.Println("Server started")
	for {
		conn, err := l.Accept()
		if err != nil { return }
		go func() {
			defer conn.Close()
			for lines := bufio.NewScanner(conn); lines.Scan(); {
				switch command, text, _ := strings.Cut(lines.Text(), " "); command {
				case "keep":
					if err := os.WriteFile(os.Getenv("KEEP")+"/kept", []byte(text), 0o600); err != nil { fmt.Println(err) }
					fmt.Fprintln(conn, "ok")
				case "tell":
					data, _ := os.ReadFile(os.Getenv("KEEP")+"/kept")
					fmt.Fprintln(conn, string(data))
				default:
					fmt.Fprintln(conn, os.Getenv("ADVERTISED"))
				}
			}
		}()
	}
}
`

// image makes an image of the broker, without a registry. Where no engine answers,
// the test is skipped: not every machine has one.
func image(t *testing.T) string {
	t.Helper()
	if err := exec.Command("docker", "version").Run(); err != nil {
		t.Skip("no Docker engine answers")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(broker), 0o600))
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "root", "broker"), filepath.Join(dir, "main.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath", "GOWORK=off")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "root", "data"), 0o755))
	archive := filepath.Join(dir, "root.tar")
	require.NoError(t, exec.Command("tar", "-C", filepath.Join(dir, "root"), "-cf", archive, ".").Run())
	name := "holdfast-backing-test:" + strings.ToLower(filepath.Base(filepath.Dir(dir)))
	out, err = exec.Command("docker", "import", "-c", `ENTRYPOINT ["/broker"]`, archive, name).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Cleanup(func() { _ = exec.Command("docker", "image", "rm", "-f", name).Run() })
	return name
}

func ask(t *testing.T, address, line string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = fmt.Fprintln(conn, line)
	require.NoError(t, err)
	answer, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSuffix(answer, "\n")
}

func TestAnImageKeepsItsDataAndIsLedThroughTheProxy(t *testing.T) {
	c := backing.Config{
		Name: "broker", Image: image(t), Port: 7000, Data: "/data", Images: images.Docker(""), Ready: target.Ready{Log: "Server started"}, Grace: time.Second,
		Env: map[string]string{"LISTEN": "{own.address}", "KEEP": "{data}", "ADVERTISED": "PLAINTEXT://{address}"},
	}
	require.NoError(t, c.Validate())
	journal, err := undo.Open(t.TempDir(), "test-images")
	require.NoError(t, err)
	defer journal.Close()
	o := harness.Opening{Start: time.Now(), Journal: journal, Data: t.TempDir(), First: true, Counted: true}
	open := func() (harness.Fake, string) {
		f, err := c.Dependency().Open(context.Background(), o)
		require.NoError(t, err)
		return f, f.(*backing.Backing).Values()["address"]
	}
	f, address := open()
	require.Equal(t, "ok", ask(t, address, "keep this"))
	require.NoError(t, f.Close())
	o.First, o.Counted, o.Faults = false, false, []fault.Kind{fault.Refuse{}}
	f, address = open()
	require.NotEqual(t, address, f.(*backing.Backing).Bypass()[0])
	require.Equal(t, "PLAINTEXT://"+address, ask(t, address, "who"))
	require.Equal(t, "this", ask(t, address, "tell"))
	require.NoError(t, f.Close())
	left, err := exec.Command("docker", "ps", "-aq", "--filter", "label="+undo.RunLabel+"=test-images").Output()
	require.NoError(t, err)
	require.Empty(t, strings.TrimSpace(string(left)))
}

func TestAnImageThatIsNotToBeHadIsSaid(t *testing.T) {
	if err := exec.Command("docker", "version").Run(); err != nil {
		t.Skip("no Docker engine answers")
	}
	c := backing.Config{Name: "broker", Image: "localhost:1/nobody/has:this", Port: 7000, Images: images.Docker("")}
	journal, err := undo.Open(t.TempDir(), "test-images")
	require.NoError(t, err)
	defer journal.Close()
	_, err = c.Dependency().Open(t.Context(), harness.Opening{Start: time.Now(), Journal: journal})
	require.ErrorContains(t, err, "the machine has no image localhost:1/nobody/has:this, and it cannot be pulled")
}
