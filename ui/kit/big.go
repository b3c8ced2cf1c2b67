package kit

import (
	"strings"
)

// glyphs are capital letters and digits, three cells wide and five dots high; a
// row is three bits.
var glyphs = map[rune][5]uint8{
	'0': {7, 5, 5, 5, 7}, '1': {2, 6, 2, 2, 7}, '2': {7, 1, 7, 4, 7}, '3': {7, 1, 3, 1, 7}, '4': {5, 5, 7, 1, 1},
	'5': {7, 4, 7, 1, 7}, '6': {7, 4, 7, 5, 7}, '7': {7, 1, 2, 2, 2}, '8': {7, 5, 7, 5, 7}, '9': {7, 5, 7, 1, 7},
	'A': {2, 5, 7, 5, 5}, 'B': {6, 5, 6, 5, 6}, 'C': {3, 4, 4, 4, 3}, 'D': {6, 5, 5, 5, 6}, 'E': {7, 4, 6, 4, 7},
	'F': {7, 4, 6, 4, 4}, 'G': {3, 4, 5, 5, 3}, 'H': {5, 5, 7, 5, 5}, 'I': {7, 2, 2, 2, 7}, 'J': {1, 1, 1, 5, 2},
	'K': {5, 5, 6, 5, 5}, 'L': {4, 4, 4, 4, 7}, 'M': {5, 7, 7, 5, 5}, 'N': {6, 5, 5, 5, 5}, 'O': {2, 5, 5, 5, 2},
	'P': {6, 5, 6, 4, 4}, 'Q': {2, 5, 5, 6, 3}, 'R': {6, 5, 6, 5, 5}, 'S': {3, 4, 2, 1, 6}, 'T': {7, 2, 2, 2, 2},
	'U': {5, 5, 5, 5, 7}, 'V': {5, 5, 5, 5, 2}, 'W': {5, 5, 7, 7, 5}, 'X': {5, 5, 2, 5, 5}, 'Y': {5, 5, 2, 2, 2},
	'Z': {7, 1, 2, 4, 7}, '-': {0, 0, 7, 0, 0},
}

// Big is a short code in large letters, three lines high, to be read from
// another device; as it is where a letter has no large form or the width does
// not hold it.
func Big(code string, width int) string {
	if len([]rune(code))*4 > width {
		return code
	}
	var rows [3]strings.Builder
	for _, r := range code {
		g, ok := glyphs[r]
		if !ok {
			return code
		}
		for i := range rows {
			upper, lower := g[2*i], uint8(0)
			if 2*i+1 < len(g) {
				lower = g[2*i+1]
			}
			for bit := uint8(4); bit > 0; bit >>= 1 {
				rows[i].WriteString([]string{" ", "▀", "▄", "█"}[b(upper&bit)+2*b(lower&bit)])
			}
			rows[i].WriteByte(' ')
		}
	}
	lines := make([]string, len(rows))
	for i := range rows {
		lines[i] = strings.TrimRight(rows[i].String(), " ")
	}
	return strings.Join(lines, "\n")
}

func b(bits uint8) int {
	if bits != 0 {
		return 1
	}
	return 0
}
