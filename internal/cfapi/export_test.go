package cfapi

import (
	"context"
	"time"
)

// NewRetry returns a Retry that only notes its pauses.
func NewRetry(pauses *[]time.Duration) *Retry {
	return &Retry{
		OnRetry: func(_ error, pause time.Duration) { *pauses = append(*pauses, pause) },
		wait:    func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
}
