// Checker judges histories of contacts: one JSON partition per line on standard input, one JSON verdict per line on
// standard output, in any order. A partition is the history of one contact; model.go defines which are valid.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"
)

// A partition may be a line of many megabytes.
const bufferBytes = 1 << 20

func main() {
	limit := flag.Duration("limit", 20*time.Second, "time for one partition; past it the verdict is unknown")
	memory := flag.Int("memory", 256, "MiB that the search of one partition may remember; past it the verdict is unknown")
	flag.Parse()
	if err := judgeAll(*limit, *memory<<20); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judgeAll(limit time.Duration, memoryBytes int) error {
	lines := make(chan []byte)
	failed := make(chan error, 1)
	out := bufio.NewWriterSize(os.Stdout, bufferBytes)
	var writing sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for line := range lines {
				verdict, err := judgeLine(line, search{limit: limit, memoryBytes: memoryBytes})
				if err != nil {
					select {
					case failed <- err:
					default:
					}
					continue
				}
				writing.Lock()
				_, _ = out.Write(append(verdict, '\n'))
				writing.Unlock()
			}
		}()
	}
	err := readLines(lines)
	close(lines)
	workers.Wait()
	if err != nil {
		return err
	}
	select {
	case err = <-failed:
		return err
	default:
	}
	return out.Flush()
}

func readLines(lines chan<- []byte) error {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, bufferBytes), 1<<30)
	for in.Scan() {
		lines <- append([]byte(nil), in.Bytes()...)
	}
	return in.Err()
}

func judgeLine(line []byte, how search) ([]byte, error) {
	var p partition
	if err := json.Unmarshal(line, &p); err != nil {
		return nil, err
	}
	return json.Marshal(judge(&p, how))
}
