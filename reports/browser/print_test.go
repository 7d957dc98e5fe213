package browser

import (
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// printed from a dark screen the report is white, and all its names are text.
func printed(t *testing.T, browser context.Context) {
	b := open(t, browser, golden(t, "mixed.html"), desktop().in("dark"))
	pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground()))
	require.NoError(t, err)
	b.keep("report.pdf", pdf)
	b.quiet()
	for _, tool := range []string{"pdftotext", "pdftoppm"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatal(err)
			}
			t.Skip(tool + " is not here: make report-test installs it")
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "report.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	text, err := exec.Command("pdftotext", "-layout", file, "-").Output()
	require.NoError(t, err)
	flat := strings.Join(strings.Fields(string(text)), " ")
	for _, name := range []string{"FAIL", "search/popular-term", "oracle/one-drips", "oracle/hundred-active", "task/mail-refuses-key", "search/short-terms", "task/invalid-key",
		"process.rss.max", "Detection matrix", "How to repeat this", "10000 rows loaded"} {
		require.True(t, strings.Contains(flat, name), "%s is not in the PDF", name)
	}
	require.NoError(t, exec.Command("pdftoppm", "-png", "-r", "40", "-f", "1", "-l", "1", file, filepath.Join(dir, "page")).Run())
	shots, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	require.NoError(t, err)
	require.NotEmpty(t, shots)
	f, err := os.Open(shots[0])
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	r, g, bl, _ := img.At(2, 2).RGBA()
	require.Equal(t, [3]uint32{0xffff, 0xffff, 0xffff}, [3]uint32{r, g, bl}, "the paper is white")
}
