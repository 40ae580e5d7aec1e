package cmd

import (
	"context"

	"paddock/internal/diag"
)

// mustConfirm has the person at the terminal type a word before something is
// done that cannot be undone, or not easily. Where there is no person, --yes is
// the way to say it. Without an error it was confirmed.
func (a *app) mustConfirm(ctx context.Context, what, word string) error {
	if !a.canAsk() {
		return diag.List{diag.Errorf("not-confirmed", diag.Location{}, "%s", what).
			WithHint("Nobody can be asked here. If that is what you want: --yes")}.Err()
	}
	ok, err := a.confirmBy(ctx, what, word)
	if err == nil && !ok {
		err = diag.List{diag.Errorf("not-confirmed", diag.Location{}, "not confirmed: nothing was changed")}.Err()
	}
	return err
}
