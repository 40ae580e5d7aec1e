package local

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"paddock/engine"
)

// handlersService is the worker that calls handlers by hand.
const handlersService = "paddock:handlers"

//go:embed handlers.js
var handlersJS []byte

// Scheduled is what has become of a call of a scheduled handler.
type Scheduled struct {
	Outcome string `json:"outcome"` // "ok", "exception", …
	NoRetry bool   `json:"noRetry"`
}

// Schedule calls a script's scheduled handler now, as if it were due at a time,
// and returns when the handler has. It needs [Options.Handlers].
func (r *Runtime) Schedule(ctx context.Context, script, cron string, due time.Time) (Scheduled, error) {
	var result Scheduled
	proc := r.engineOf(script)
	if proc == nil || !r.opts.Handlers {
		return result, fmt.Errorf("the engine of %s does not run at the moment", script)
	}
	body, err := json.Marshal(map[string]any{"script": script, "cron": cron, "time": due.UnixMilli()})
	if err != nil {
		return result, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://handlers/", bytes.NewReader(body))
	if err != nil {
		return result, err
	}
	client := unixClient(proc.SocketPath(handlersService))
	client.Timeout = 0 // the handler may take its time
	resp, err := client.Do(req)
	if err != nil {
		return result, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return result, fmt.Errorf("the scheduled handler of %s cannot be called: status %d", script, resp.StatusCode)
	}
	return result, json.NewDecoder(resp.Body).Decode(&result)
}

// addHandlers adds to a configuration the worker that calls handlers.
func addHandlers(cfg *engine.Config, scripts []string) {
	w := engine.Worker{
		Name: handlersService, Socket: true, CompatibilityDate: backingDate, CompatibilityFlags: []string{extraHandlers},
		Modules: []engine.Module{{Name: "handlers.js", Kind: engine.ESModule, Content: handlersJS}},
	}
	for _, name := range scripts {
		w.Bindings = append(w.Bindings, engine.ServiceBinding(name, name, "", nil))
	}
	cfg.Workers = append(cfg.Workers, w)
	cfg.Experimental = true // the flag needs it
}
