package config

// Settings of the local server.
var devFields = []*field{
	{
		name: "dev", class: topLevel, since: "1.11", def: "{}",
		shape: &shape{kinds: kindTable | kindNull, fields: devKeys},
		doc:   "Settings of the local server.",
		read: func(d *draft, n *node) {
			d.Dev.IP = n.get("ip").text()
			if port := n.get("port"); port.is(kindNumber) && port.number() <= 65535 {
				d.Dev.Port = int(port.number())
			}
		},
	},
}

var devKeys = []*field{
	{name: "ip", shape: &aText, since: "1.11", def: "127.0.0.1", doc: "Address to listen on."},
	{name: "port", shape: &aPort, since: "1.11", def: "8787, or a free one", doc: "Port to listen on."},
	{name: "inspector_port", shape: &aPort, since: "2.0.23", def: "9229", do: inactive, doc: "Port of the inspector."},
	{name: "inspector_ip", shape: &aText, since: "4.61", def: "127.0.0.1", do: inactive, doc: "Address of the inspector."},
	{name: "local_protocol", shape: &protocol, since: "1.11", def: "http", do: inactive, usual: "http", doc: "Protocol of the server."},
	{name: "upstream_protocol", shape: &protocol, since: "1.11", do: inactive, doc: "Protocol of request.url."},
	{name: "host", shape: &aText, since: "2.0", def: "host of the first route", do: inactive, doc: "Host of request.url."},
	{name: "enable_containers", shape: &aBool, since: "4.19.2", def: "true", do: inactive, doc: "Whether containers are built and run."},
	{name: "container_engine", shape: &shape{kinds: kindString | kindTable, open: true}, since: "4.20.2", do: inactive, doc: "Socket of the container engine."},
	{name: "generate_types", shape: &aBool, since: "4.57", def: "false", do: inactive, usual: false, doc: "Whether types of the bindings are written at each start."},
}

var (
	aPort    = shape{kinds: kindNumber, whole: true, max: 65535}
	protocol = shape{kinds: kindString, enum: []string{"http", "https"}}
)
