package config

// Bindings to where data is kept, and to queues.
var storageFields = []*field{
	{
		name: "kv_namespaces", old: "kv-namespaces", class: notInherited, since: "1.1", def: "[]", label: "KV Namespace", partly: true,
		shape: &shape{kinds: kindArray, elem: &kvNamespace}, doc: "KV namespaces.",
		read: func(d *draft, n *node) { d.KVNamespaces = readResources(n, "id") },
	},
	{
		name: "r2_buckets", class: notInherited, since: "1.19.8", def: "[]", do: unsupported, label: "R2 Bucket", partly: true,
		shape: &shape{kinds: kindArray, elem: &r2Bucket}, doc: "R2 buckets.",
	},
	{
		name: "d1_databases", class: notInherited, since: "2.1.7", def: "[]", label: "D1 Database", partly: true,
		shape: &shape{kinds: kindArray, elem: &d1Database}, doc: "D1 databases.",
		read: func(d *draft, n *node) { d.D1Databases = readResources(n, "database_id") },
	},
	{
		name: "queues", class: notInherited, since: "2.2", label: "Queue",
		shape: &shape{kinds: kindTable, fields: queueFields}, doc: "Queues that the Worker sends to, and those that it is called for.",
		read: readQueues,
	},
	{
		name: "hyperdrive", class: notInherited, since: "3.10", def: "[]", do: unsupported, label: "Hyperdrive Config", partly: true,
		shape: &shape{kinds: kindArray, elem: &hyperdrive}, doc: "Connections to databases through Hyperdrive.",
	},
	{
		name: "vectorize", class: notInherited, since: "3.10", def: "[]", do: unsupported, label: "Vectorize Index", partly: true,
		shape: &shape{kinds: kindArray, elem: &vectorizeIndex}, doc: "Vectorize indexes.",
	},
	{
		name: "analytics_engine_datasets", class: notInherited, since: "2.6", def: "[]", do: unsupported, label: "Analytics Engine Dataset", partly: true,
		shape: &shape{kinds: kindArray, elem: &analyticsDataset}, doc: "Datasets of the Analytics Engine.",
	},
	{
		name: "secrets_store_secrets", class: notInherited, since: "4.8", def: "[]", do: unsupported, label: "Secrets Store Secret", partly: true,
		shape: &shape{kinds: kindArray, elem: &storeSecret}, doc: "Secrets of the account's Secrets Store.",
	},
	{
		name: "pipelines", class: notInherited, since: "3.77", def: "[]", do: unsupported, label: "Pipeline", partly: true,
		shape: &shape{kinds: kindArray, elem: &pipeline}, doc: "Streams of Pipelines.",
	},
	{
		name: "k2", class: notInherited, since: "4.164", def: "[]", do: unsupported, label: "K2 Stream", partly: true,
		shape: &shape{kinds: kindArray, elem: &k2Stream}, doc: "K2 streams.",
	},
	{
		name: "artifacts", class: notInherited, since: "4.84", def: "[]", do: unsupported, label: "Artifacts", partly: true,
		shape: &shape{kinds: kindArray, elem: &namespaced}, doc: "Artifacts namespaces.",
	},
}

// listed is the word that Wrangler puts behind the path of an entry of most
// lists of bindings.
const listed = " bindings"

// Keys that many bindings have.
var (
	bindingKey = field{name: "binding", must: true, shape: &aBinding, doc: "Name of the binding in the Worker's env."}
	remoteKey  = field{
		name: "remote", shape: &aBool, def: "false", doc: "Whether dev uses the real resource.",
		do: inactive, usual: false, hint: "dev has a resource of its own.",
	}
)

var (
	kvNamespace      = shape{kinds: kindTable, entry: listed, fields: kvFields}
	r2Bucket         = shape{kinds: kindTable, entry: listed, fields: r2Fields}
	d1Database       = shape{kinds: kindTable, entry: listed, fields: d1Fields}
	hyperdrive       = shape{kinds: kindTable, entry: listed, fields: hyperdriveFields}
	vectorizeIndex   = shape{kinds: kindTable, entry: listed, fields: vectorizeFields}
	analyticsDataset = shape{kinds: kindTable, entry: listed, fields: analyticsFields}
	storeSecret      = shape{kinds: kindTable, entry: listed, fields: storeSecretFields}
	pipeline         = shape{kinds: kindTable, entry: listed, fields: pipelineFields, check: checkPipeline}
	k2Stream         = shape{kinds: kindTable, entry: listed, fields: k2Fields}
	namespaced       = shape{kinds: kindTable, entry: listed, fields: namespacedFields}
)

var kvFields = []*field{
	&bindingKey,
	{name: "id", shape: &shape{kinds: kindString, check: checkKVID}, doc: "Id of the namespace. Without one, a deployment makes the namespace."},
	{name: "preview_id", shape: &aText, do: ignored, doc: "Id of the namespace that previews use."},
	&remoteKey,
}

var r2Fields = []*field{
	&bindingKey,
	{name: "bucket_name", shape: &shape{kinds: kindString, format: &bucketFormat}, doc: "Name of the bucket. Without one, a deployment makes the bucket."},
	{name: "preview_bucket_name", shape: &shape{kinds: kindString, format: &bucketFormat}, doc: "Bucket that previews use."},
	{name: "jurisdiction", shape: &aText, doc: "Jurisdiction of the bucket."},
	&remoteKey,
	{name: "local_dev", shape: &shape{kinds: kindTable, fields: r2LocalFields}, since: "4.164", doc: "Settings for dev."},
}

var r2LocalFields = []*field{
	{name: "experimental_s3_credentials", shape: &shape{kinds: kindTable, fields: s3Fields}, since: "4.164", doc: "Credentials of the local S3 endpoint."},
}

var s3Fields = []*field{
	{name: "accessKeyId", must: true, shape: &aText, since: "4.164", doc: "Id of the key."},
	{name: "secretAccessKey", must: true, shape: &aText, since: "4.164", doc: "The key."},
}

var d1Fields = []*field{
	&bindingKey,
	{name: "database_name", shape: &aText, doc: "Name of the database."},
	{name: "database_id", shape: &aText, doc: "Id of the database. Without one, a deployment makes the database."},
	{name: "jurisdiction", shape: &aText, since: "4.164", do: ignored, doc: "Jurisdiction of the database."},
	{name: "preview_database_id", shape: &aText, do: ignored, doc: "Database that previews use."},
	{name: "migrations_table", shape: &aText, do: ignored, def: "d1_migrations", doc: "Table that notes which migrations have been applied."},
	{name: "migrations_dir", shape: &aPath, do: ignored, def: "./migrations", doc: "Folder of the migrations."},
	{name: "migrations_pattern", shape: &aText, do: ignored, doc: "Pattern of the files in that folder."},
	{name: "database_internal_env", shape: &aText, do: ignored, doc: "For Cloudflare's own use."},
	&remoteKey,
}

var hyperdriveFields = []*field{
	&bindingKey,
	{name: "id", must: true, shape: &aText, doc: "Id of the configuration."},
	{name: "localConnectionString", shape: &aText, doc: "Database that dev connects to. It holds a password; better set the environment variable."},
	&remoteKey,
}

var vectorizeFields = []*field{
	&bindingKey,
	{name: "index_name", must: true, shape: &aText, doc: "Name of the index."},
	&remoteKey,
}

var analyticsFields = []*field{
	&bindingKey,
	{name: "dataset", shape: &aName, def: "name of the binding", doc: "Name of the dataset."},
	&remoteKey,
}

var storeSecretFields = []*field{
	&bindingKey,
	{name: "store_id", must: true, shape: &aText, doc: "Id of the store."},
	{name: "secret_name", must: true, shape: &aText, doc: "Name of the secret."},
}

var pipelineFields = []*field{
	&bindingKey,
	{name: "stream", shape: &aName, doc: "Id of the stream. Required, unless pipeline is there."},
	{name: "pipeline", shape: &aText, deprecated: `Use "stream" instead.`, doc: "Old name of stream."},
	&remoteKey,
}

var k2Fields = []*field{
	&bindingKey,
	{name: "stream", must: true, shape: &aText, since: "4.164", doc: "The stream."},
	&remoteKey,
}

var namespacedFields = []*field{
	&bindingKey,
	{name: "namespace", must: true, shape: &aText, doc: "Name of the namespace."},
	&remoteKey,
}
