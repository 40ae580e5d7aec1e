package config

var queueFields = []*field{
	{name: "producers", shape: &shape{kinds: kindArray, elem: &producer}, def: "[]", doc: "Queues that the Worker sends to."},
	{name: "consumers", shape: &shape{kinds: kindArray, elem: &consumer}, def: "[]", doc: "Queues whose messages the Worker gets."},
}

var (
	producer = shape{kinds: kindTable, entry: listed, fields: producerFields}
	consumer = shape{kinds: kindTable, entry: "", fields: consumerFields}
)

var producerFields = []*field{
	&bindingKey,
	{name: "queue", shape: &aName, doc: "Name of the queue. Without one, a deployment makes the queue."},
	{name: "delivery_delay", shape: &aNumber, deprecated: "The field is deprecated and has no effect.", doc: "Had once delayed all messages."},
	&remoteKey,
}

var consumerFields = []*field{
	{name: "queue", must: true, shape: &aName, doc: "Name of the queue."},
	{name: "type", shape: &shape{kinds: kindString, check: checkConsumerType}, def: "worker", doc: "Kind of the consumer."},
	{name: "max_batch_size", shape: &aNumber, doc: "Most messages of one batch."},
	{name: "max_batch_timeout", shape: &aNumber, doc: "Longest wait for a batch to fill, in seconds."},
	{name: "max_retries", shape: &aNumber, doc: "How often a message is tried again."},
	{name: "dead_letter_queue", shape: &aText, doc: "Queue for messages that never succeed."},
	{name: "max_concurrency", shape: &shape{kinds: kindNumber | kindNull}, doc: "Most batches at once."},
	{name: "visibility_timeout_ms", shape: &aNumber, do: inactive, hint: "Only messages that are pulled have it.", doc: "How long a message that was pulled stays hidden."},
	{name: "retry_delay", shape: &aNumber, doc: "Seconds between tries."},
}
