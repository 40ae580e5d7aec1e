package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fatih/color"
)

// canAsk reports whether a person is there who can be asked.
func (a *app) canAsk() bool { return a.io.InTTY && a.io.ErrTTY }

// confirm asks a question that is answered by yes or no; just Enter is yes.
func (a *app) confirm(ctx context.Context, question string) (bool, error) {
	for {
		answer, err := a.ask(ctx, question+" (Y/n)")
		if err != nil {
			return false, err
		}
		switch strings.ToLower(answer) {
		case "", "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		}
	}
}

// confirmBy asks for a word to be typed, for what cannot be taken back easily.
func (a *app) confirmBy(ctx context.Context, question, word string) (bool, error) {
	answer, err := a.ask(ctx, fmt.Sprintf("%s Type %q to confirm:", question, word))
	return answer == word, err
}

// ask prints a question and returns the line that is typed, without white
// space around it.
func (a *app) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprintf(a.io.Err, "%s %s ", a.io.ErrStyle(color.FgCyan, color.Bold)("?"), question)
	line, err := interruptible(ctx, a.readLine)
	if err != nil {
		fmt.Fprintln(a.io.Err)
	}
	return strings.TrimSpace(line), err
}

// readLine reads a line and nothing beyond it, as another may be asked for.
func (a *app) readLine() (string, error) {
	var line []byte
	next := make([]byte, 1)
	for {
		if _, err := io.ReadFull(a.io.In, next); err != nil {
			return "", fmt.Errorf("read the answer: %w", err)
		}
		if next[0] == '\n' {
			return string(line), nil
		}
		line = append(line, next[0])
	}
}

// interruptible runs a read that nothing but input ends, until it ends or ctx
// does: the first Ctrl-C only ends ctx. What is left behind ends with the
// process.
func interruptible(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", errors.New("interrupted: nothing was changed")
	}
}
