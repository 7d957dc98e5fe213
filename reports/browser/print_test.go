package browser

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// printed from a dark screen the report is white, all its names are text, and latencies over
// time have the shades of a light page.
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
	require.NoError(t, exec.Command("pdftoppm", "-png", "-r", "50", file, filepath.Join(dir, "page")).Run())
	shots, err := filepath.Glob(filepath.Join(dir, "page*.png"))
	require.NoError(t, err)
	require.NotEmpty(t, shots)
	pixels := map[string]int{}
	for n, shot := range shots {
		img := decoded(t, shot)
		if n == 0 {
			require.Equal(t, "rgb(255, 255, 255)", rgb(img.At(2, 2)), "the paper is white")
		}
		for x := range img.Bounds().Dx() {
			for y := range img.Bounds().Dy() {
				pixels[rgb(img.At(x, y))]++
			}
		}
	}
	// What stands on paper is a chart of light pages: dark shades are for many requests.
	light := open(t, browser, golden(t, "mixed.html"), desktop())
	for _, shade := range eval[[]string](light, `[...document.querySelector(".plot:has(.heat)").querySelectorAll(".heat")].map((n) => getComputedStyle(n).stroke)`) {
		require.Greater(t, pixels[shade], 20, "%s of the latencies over time is not on paper", shade)
	}
}

// decoded is the picture of a file.
func decoded(t *testing.T, path string) image.Image {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	img, err := png.Decode(f)
	require.NoError(t, err)
	return img
}

// rgb is a colour as a style sheet computes it.
func rgb(c color.Color) string {
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("rgb(%d, %d, %d)", r>>8, g>>8, b>>8)
}
