package web

import (
	"fmt"
	"image/color"
	"strings"

	"github.com/boombuler/barcode/qr"
)

// qrPath draws a text as a QR code: the path of an SVG picture, and how wide it is. It
// has the margin that cameras need.
func qrPath(text string) (path string, size int, err error) {
	const margin = 4
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", 0, fmt.Errorf("QR code: %w", err)
	}
	side := code.Bounds().Dx()
	var b strings.Builder
	for y := range side {
		for x := range side {
			if gray, _ := color.GrayModel.Convert(code.At(x, y)).(color.Gray); gray.Y == 0 {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+margin, y+margin)
			}
		}
	}
	return b.String(), side + 2*margin, nil
}
