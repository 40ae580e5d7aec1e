package tail

import "testing"

// Each pair was seen in the engine, which redacts for its buffered tails.
func TestRedactURL(t *testing.T) {
	for url, want := range map[string]string{
		"http://sub/card?4674619915406&b=4000533454416":            "http://sub/card?REDACTED&b=4000533454416",
		"http://sub/p/170180206006":                                "http://sub/p/170180206006", // 12 digits
		"http://sub/p/9295417581896":                               "http://sub/p/REDACTED",
		"http://sub/p/9151457776566817230":                         "http://sub/p/REDACTED",             // 19 digits
		"http://sub/p/90541578416295656882":                        "http://sub/p/90541578416295656882", // 20
		"http://sub/s/4568-8529-6770-8603/x":                       "http://sub/s/REDACTED/x",
		"http://sub/s/4568_8529_6770_8603":                         "http://sub/s/REDACTED",
		"http://sub/s/4568%208529%206770%208603":                   "http://sub/s/4568%208529%206770%208603",
		"http://sub/s/a4568852967708603":                           "http://sub/s/a4568852967708603",
		"http://sub/s/id_4568852967708603":                         "http://sub/s/id_4568852967708603",
		"http://sub/s/--4568852967708603":                          "http://sub/s/REDACTED",
		"http://sub/s/4568852967708603-12":                         "http://sub/s/4568852967708603-12",
		"http://sub/s/4568852967708603.txt":                        "http://sub/s/REDACTED.txt",
		"http://sub/0123456789abcdef0123456789ABCDEF":              "http://sub/REDACTED",
		"http://sub/550e8400-e29b-41d4-a716-446655440000":          "http://sub/REDACTED",
		"http://sub/550e8400+e29b_41d4-a716-446655440000.":         "http://sub/REDACTED.",
		"http://sub/aB1cD2eF3gH4iJ5kL6mN7":                         "http://sub/REDACTED",
		"http://sub/B1cD2eF3gH4iJ5kL6mN7":                          "http://sub/B1cD2eF3gH4iJ5kL6mN7",
		"http://sub/aaaaaaaaaaaaaaaaaBB12":                         "http://sub/REDACTED",
		"http://sub/aaaaaaaaaaaaaaaaaaB12":                         "http://sub/aaaaaaaaaaaaaaaaaaB12",
		"http://sub/aaaaaaaaaaaaaaaaaBBb1":                         "http://sub/aaaaaaaaaaaaaaaaaBBb1",
		"http://sub/+++++++++++++++aaBB12":                         "http://sub/REDACTED",
		"http://sub/aB1cD2e/F3gH4iJ5kL6mN7oP8":                     "http://sub/aB1cD2e/F3gH4iJ5kL6mN7oP8",
		"http://sub/?q=aB1cD2eF3gH4iJ5kL6mN7=&z=1":                 "http://sub/?q=REDACTED=&z=1",
		"http://sub/%C3%A4aB1cD2eF3gH4iJ5kL6mN7":                   "http://sub/%C3%REDACTED",
		"http://sub/aB1cD2eF3gH4iJ5kL6mN7%ABaB1cD2eF3gH4iJ5kL6mN7": "http://sub/REDACTED%REDACTED",
		"":               "",
		"http://sub/ä日本": "http://sub/ä日本",
		"http://sub/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": "http://sub/REDACTED",
	} {
		if got := redactURL(url); got != want {
			t.Errorf("redactURL(%q) = %q, want %q", url, got, want)
		}
	}
}

func TestRedactHeaders(t *testing.T) {
	const raw = `{"outcome":"ok","event":{"request":{"url":"http://x/aB1cD2eF3gH4iJ5kL6mN7","method":"GET","headers":{
		"cookie":"c","authorization":"Bearer x","x-api-key":"k","sec-websocket-key":"w","x-token-a":"t","accept":"*/*","cookies":"d"}}}}`
	it := decode(t, KindFinal, raw)
	headers := it.Event.Request.Headers
	for name, want := range map[string]string{
		"cookie": redacted, "authorization": redacted, "x-api-key": redacted, "sec-websocket-key": redacted,
		"x-token-a": redacted, "accept": "*/*", "cookies": "d",
	} {
		if headers[name] != want {
			t.Errorf("%s: %s, want %s", name, headers[name], want)
		}
	}
	open, err := Decode(KindFinal, []byte(raw), DecodeOptions{KeepSecrets: true})
	if err != nil || open.Event.Request.Headers["cookie"] != "c" || open.Event.Request.URL != "http://x/aB1cD2eF3gH4iJ5kL6mN7" {
		t.Errorf("with KeepSecrets: %+v, %v", open.Event.Request, err)
	}
}
