package cmd

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/fatih/color"

	"paddock/internal/diag"
)

// confirm has the person at the terminal type a word before something is done
// that cannot be undone, or not easily. Where there is no person, --yes is the
// way to say it.
func (a *app) confirm(ctx context.Context, what, word string) error {
	if !a.io.InTTY || !a.io.ErrTTY {
		return diag.List{diag.Errorf("not-confirmed", diag.Location{}, "%s", what).
			WithHint("Nobody can be asked here. If that is what you want: --yes")}.Err()
	}
	fmt.Fprintf(a.io.Err, "%s\nType %s to go on: ", what, a.io.ErrStyle(color.Bold)(diag.Printable(word)))
	typed := make(chan string, 1)
	go func() { // ends with the line, or with the process
		line, _ := bufio.NewReader(a.io.In).ReadString('\n')
		typed <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(a.io.Err)
		return diag.List{diag.Errorf("interrupted", diag.Location{}, "interrupted: nothing was changed")}.Err()
	case line := <-typed:
		if strings.TrimSpace(line) != word {
			return diag.List{diag.Errorf("not-confirmed", diag.Location{}, "not confirmed: nothing was changed")}.Err()
		}
	}
	return nil
}
