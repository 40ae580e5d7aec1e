package tail

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// FilterOptions are the filters of the command line.
type FilterOptions struct {
	SamplingRate float64  // 0 means all
	Status       []string // "ok", "error", "canceled"
	Methods      []string
	Header       string // "name" or "name: part of the value"
	ClientIPs    []string
	Search       string
	VersionID    string
}

// outcomesOf gives the outcomes behind a status.
var outcomesOf = map[string][]string{
	"ok":       {"ok"},
	"error":    {"exception", "exceededCpu", "exceededMemory", "unknown"},
	"canceled": {"canceled"},
}

//lint:ignore ST1005 These are Wrangler's words.
var errSamplingRate = errors.New("A sampling rate must be between 0 and 1 in order to have any effect.")

// BuildFilters returns the options as the array of filters that the API takes,
// in Wrangler's order. Its errors are about the command line.
func BuildFilters(o FilterOptions) (json.RawMessage, error) {
	list := []any{}
	add := func(key string, value any) { list = append(list, map[string]any{key: value}) }

	if o.SamplingRate < 0 || o.SamplingRate >= 1 || o.SamplingRate != o.SamplingRate {
		return nil, errSamplingRate
	}
	if o.SamplingRate > 0 {
		add("sampling_rate", o.SamplingRate)
	}
	outcomes, err := outcomes(o.Status)
	if err != nil {
		return nil, err
	}
	if len(outcomes) > 0 {
		add("outcome", outcomes)
	}
	if len(o.Methods) > 0 {
		add("method", o.Methods)
	}
	if o.Header != "" {
		add("header", parseHeader(o.Header))
	}
	if len(o.ClientIPs) > 0 {
		add("client_ip", o.ClientIPs)
	}
	if o.Search != "" {
		add("query", o.Search)
	}
	if o.VersionID != "" {
		add("scriptVersion", o.VersionID)
	}
	return marshal(list)
}

func outcomes(statuses []string) ([]string, error) {
	var list []string
	for _, status := range statuses {
		of, ok := outcomesOf[status]
		if !ok {
			//lint:ignore ST1005 These are Wrangler's words.
			return nil, fmt.Errorf("Invalid values:\n  Argument: status, Given: %q, Choices: \"ok\", \"error\", \"canceled\"", status)
		}
		for _, outcome := range of {
			if !slices.Contains(list, outcome) {
				list = append(list, outcome)
			}
		}
	}
	return list, nil
}

// headerOption keeps the order of the fields.
type headerOption struct {
	Key   string  `json:"key"`
	Query *string `json:"query,omitempty"`
}

// parseHeader splits at the first colon, so that the value may hold more.
func parseHeader(s string) headerOption {
	key, value, found := strings.Cut(s, ":")
	h := headerOption{Key: strings.TrimSpace(key)}
	if found {
		value = strings.TrimSpace(value)
		h.Query = &value
	}
	return h
}
