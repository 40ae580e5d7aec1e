package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	command := []string{l.paddock, "check", "--strict", "--no-bundle"}
	one, err := l.repeat(ctx, []string{empty}, append(slices.Clone(command), folders[0]))
	if err != nil {
		return err
	}
	// By itself: it leaves caches behind that have nothing of the others.
	many, err := l.repeat(ctx, append(slices.Clone(command), folders...))
	if err != nil {
		return err
	}
	r.add("an empty program", "ms", one[0].elapsed, nil)
	r.add("one configuration", "ms", one[1].elapsed, atMost(6))
	r.add("one, processor time", "ms", one[1].processor, nil)
	r.add(fmt.Sprintf("%d configurations", len(folders)), "ms", many[0].elapsed, atMost(500))
	r.add(fmt.Sprintf("%d, processor time", len(folders)), "ms", many[0].processor, nil)
	resident := many[0].resident
	if resident[0] == 0 {
		r.miss("resident memory", errors.New("the system does not say"))
		return nil
	}
	r.add("resident memory", "MB", resident, atMost(50))
	return nil
}

// usages are what the runs of one command took.
type usages struct{ elapsed, processor, resident []float64 }

// repeat runs commands in rounds. The first run of each fills the system's
// caches and is not counted.
func (l *lab) repeat(ctx context.Context, commands ...[]string) ([]usages, error) {
	for _, args := range commands {
		if _, err := l.runToEnd(ctx, args); err != nil {
			return nil, err
		}
	}
	all := make([]usages, len(commands))
	_, err := l.interleave(ctx, len(commands), func(i int) (float64, error) {
		u, err := l.runToEnd(ctx, commands[i])
		all[i].elapsed = append(all[i].elapsed, milliseconds(u.elapsed))
		all[i].processor = append(all[i].processor, milliseconds(u.processor))
		all[i].resident = append(all[i].resident, u.residentMB)
		return milliseconds(u.elapsed), err
	})
	return all, err
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
