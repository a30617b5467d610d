package transparency

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a state of the tree, by c2sp.org/tlog-checkpoint.
type Checkpoint struct {
	Origin string
	tlog.Tree
}

func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.N, base64.StdEncoding.EncodeToString(c.Hash[:]))
}

// ErrNoCheckpoint says that a signed note is no checkpoint.
var ErrNoCheckpoint = errors.New("this is no checkpoint")

// OpenCheckpoint reads a checkpoint that one of the keys has signed for the log that the
// key is named after.
func OpenCheckpoint(signed []byte, trusted Verifiers) (Checkpoint, error) {
	text, signatures, err := trusted.open(signed)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(text)
	if err != nil {
		return c, err
	}
	for _, s := range signatures {
		if s.Name == c.Origin {
			return c, nil
		}
	}
	return c, fmt.Errorf("the checkpoint is of %s, the keys are of another log", c.Origin)
}

// parseCheckpoint reads origin, size and root; lines after them are extensions.
func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, ErrNoCheckpoint
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return Checkpoint{}, ErrNoCheckpoint
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, ErrNoCheckpoint
	}
	return Checkpoint{lines[0], tlog.Tree{N: size, Hash: tlog.Hash(root)}}, nil
}

// formatProof writes that a leaf is in the tree of a signed checkpoint, by
// c2sp.org/tlog-proof.
func formatProof(n int64, proof tlog.RecordProof, checkpoint []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "c2sp.org/tlog-proof@v1\nindex %d\n", n)
	for _, h := range proof {
		fmt.Fprintf(&b, "%s\n", h)
	}
	b.WriteString("\n")
	b.Write(checkpoint)
	return []byte(b.String())
}
