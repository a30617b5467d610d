package private

import (
	"fmt"
	"os"
	"strings"
	"sync"
)

const (
	maxLogBytes  = 8 << 20
	logTailBytes = 2 << 10
)

// logFile is the server's log. It never holds more than two files of
// maxLogBytes, and remembers the last lines for error messages.
type logFile struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
	tail []byte
}

func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of the server: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("open log of the server: %w", err)
	}
	return &logFile{path: path, file: file, size: info.Size()}, nil
}

// Write appends p. A log that cannot be written, say on a full disk, must not
// stop the server, so failures are swallowed and the tail is kept anyway.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	if over := len(l.tail) - logTailBytes; over > 0 {
		l.tail = l.tail[over:]
	}
	if l.size > 0 && l.size+int64(len(p)) > maxLogBytes {
		l.rotate()
	}
	n, _ := l.file.Write(p)
	l.size += int64(n)
	return len(p), nil
}

// rotate keeps writing to the old file when a new one cannot be made.
func (l *logFile) rotate() {
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		return
	}
	file, err := os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return
	}
	_ = l.file.Close()
	l.file, l.size = file, 0
}

// lastWords gives the end of the log, for an error about a failed start.
func (l *logFile) lastWords() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(string(l.tail))
}

// noRoom is how the server says that its disk is full, whatever it wanted to write.
const noRoom = "No space left on device"

// toldOfFullDisk reports whether the log ends with that.
func (l *logFile) toldOfFullDisk() bool { return strings.Contains(l.lastWords(), noRoom) }

func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Close()
}
