package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// manyConfigs is how many configurations are checked in one call.
const manyConfigs = 1000

//go:embed check/wrangler.toml
var hundredLines string

// emptyProgram does nothing: what it takes is the price of a process.
const emptyProgram = "package main\n\nfunc main() {}\n"

// check measures the whole process of `paddock check --no-bundle`, for one
// configuration of a hundred lines with two environments and for a thousand of
// them.
func check(ctx context.Context, l *lab, r *report) error {
	empty, err := l.buildEmpty(ctx)
	if err != nil {
		return err
	}
	folders, err := l.configs()
	if err != nil {
		return err
	}
	cases := [][]string{
		{empty},
		append([]string{l.paddock, "check", "--strict", "--no-bundle"}, folders[0]),
		append([]string{l.paddock, "check", "--strict", "--no-bundle"}, folders...),
	}
	times, processor := make([][]float64, len(cases)), make([][]float64, len(cases))
	var resident []float64
	for _, args := range cases { // the first of each fills the system's caches and is not counted
		if _, err := l.runToEnd(ctx, args); err != nil {
			return err
		}
	}
	_, err = l.interleave(ctx, len(cases), func(i int) (float64, error) {
		u, err := l.runToEnd(ctx, cases[i])
		times[i], processor[i] = append(times[i], milliseconds(u.elapsed)), append(processor[i], milliseconds(u.processor))
		if i == len(cases)-1 {
			resident = append(resident, u.residentMB)
		}
		return 0, err
	})
	if err != nil {
		return err
	}
	r.add("an empty program", "ms", times[0], nil)
	r.add("one configuration", "ms", times[1], atMost(6))
	r.add("one, processor time", "ms", processor[1], nil)
	r.add(fmt.Sprintf("%d configurations", len(folders)), "ms", times[2], atMost(500))
	r.add(fmt.Sprintf("%d, processor time", len(folders)), "ms", processor[2], nil)
	if resident[0] == 0 {
		r.miss("resident memory", errors.New("the system does not say"))
		return nil
	}
	r.add("resident memory", "MB", resident, atMost(50))
	return nil
}

// configs writes the configurations and returns their folders.
func (l *lab) configs() ([]string, error) {
	many := manyConfigs
	if l.quick {
		many = 10
	}
	var folders []string
	for i := range many {
		dir := filepath.Join(l.dir, "configs", fmt.Sprintf("worker-%d", i))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		text := strings.ReplaceAll(hundredLines, "NAME", fmt.Sprintf("worker-%d", i))
		if err := os.WriteFile(filepath.Join(dir, "wrangler.toml"), []byte(text), 0o600); err != nil {
			return nil, err
		}
		folders = append(folders, dir)
	}
	return folders, nil
}

func (l *lab) buildEmpty(ctx context.Context) (string, error) {
	source, program := filepath.Join(l.dir, "empty.go"), filepath.Join(l.dir, "empty"+filepath.Ext(l.paddock))
	if err := os.WriteFile(source, []byte(emptyProgram), 0o600); err != nil {
		return "", err
	}
	_, err := goTool(ctx, "build", "-o", program, source)
	return program, err
}

// usage is what a process took from its exec to its end.
type usage struct {
	elapsed, processor time.Duration
	residentMB         float64 // at most; 0 if the system does not say
}

// runToEnd runs a program that must succeed and say nothing.
func (l *lab) runToEnd(ctx context.Context, args []string) (usage, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Env = l.env
	start := time.Now()
	said, err := c.CombinedOutput()
	took := time.Since(start)
	if err != nil || len(said) > 0 {
		return usage{}, fmt.Errorf("%s: %v; it printed:\n%.2000s", filepath.Base(args[0]), err, said)
	}
	s := c.ProcessState
	return usage{took, s.UserTime() + s.SystemTime(), residentPeak(s)}, nil
}
