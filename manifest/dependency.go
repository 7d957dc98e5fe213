package manifest

import "holdfast.dev/holdfast/manifest/notation"

// Dependency is one thing that the service talks to: exactly one of postgres, http,
// smtp, resend, image, command and address says what it is.
type Dependency struct {
	// A Postgres of this run's own, with the data of setup; each scenario gets a copy.
	Postgres *Postgres `yaml:"postgres"`
	// An outside API that is played here, with routes.
	HTTP *HTTP `yaml:"http"`
	// A mail server that is played here.
	SMTP *SMTP `yaml:"smtp"`
	// The e-mail API in the manner of Resend, played here.
	Resend *Resend `yaml:"resend"`
	// A container image that plays it.
	Image string `yaml:"image"`
	// A program of this machine that plays it.
	Command Command `yaml:"command"`
	// host:port of one that somebody else runs. Its host must be named by --allow-host; it is never migrated, seeded or killed.
	Address notation.Literal `yaml:"address"`
	// The port that an image listens on; a program is told one as {own.port}.
	Port int `yaml:"port"`
	// Where a program runs, from the folder of this file.
	WorkingDir string `yaml:"working_dir"`
	// The environment of an image or a program. {address} is what clients use, {own.address} what it binds itself.
	Env notation.Table[string] `yaml:"env"`
	// The folder in which an image or a program keeps its data. It is stopped and the folder copied after setup.once, so that each scenario starts from it.
	Data string `yaml:"data"`
	// How it is known that an image or a program can serve. Defaults to a TCP connection.
	Ready Ready `yaml:"ready"`
	// What an image or a program may use at most.
	Limits Limits `yaml:"limits"`
	// How long an image or a program is given to end by itself. Defaults to 10s.
	StopGracePeriod Duration `yaml:"stop_grace_period"`
	// Hosts that are constants in the service's code, for example https://api.example.com, with a port if that is another, or *.example.com: what is called there is played by this, which is http. A path is not replaced, it belongs to the routes. See docs/replaces.md.
	Replaces notation.Words `yaml:"replaces"`
	// The variables by which the service finds it, for all processes, from {url}, {host}, {port}, {address}, and of a Postgres {dsn}, {database}, {user}, {password}.
	Export notation.Table[string] `yaml:"export"`
}

// Postgres is a database of this run's own.
type Postgres struct {
	// A container image, for extensions that the machine's own Postgres lacks.
	Image string `yaml:"image"`
	// Extensions that are created before setup, by the role that owns the server.
	Extensions notation.Words `yaml:"extensions"`
	// Whether setup and service need a superuser, as for CREATE ROLE in a migration. Defaults to a role of their own that owns the database and has no right beyond that, as in production.
	Superuser bool `yaml:"superuser"`
	// Settings of the server, as in postgresql.conf.
	Settings notation.Table[string] `yaml:"settings"`
}

// SMTP is a mail server that is played here. A fault goes to a step of its conversations
// as NAME.greeting, NAME.mail, NAME.rcpt, NAME.data and NAME.message.
type SMTP struct {
	// Whether it offers STARTTLS, with a certificate of its own.
	StartTLS bool `yaml:"starttls"`
	// What makes two mails the same business, for example "{header.X-Order}" or "{to}": of a mail there are {from}, {to}, {subject}, {message_id}, {text}, {html}, {user} and {header.NAME}. Attempts are counted by it, and a ledger finds what arrived. Defaults to the recipients with sender, subject and text.
	Key string `yaml:"key"`
}

// Resend is an e-mail API that is played here. It has no settings; {key} in its export is
// the key that it takes.
type Resend struct{}

// HTTP is an outside API that is played here.
type HTTP struct {
	// Its description, an OpenAPI file of version 3 or a Swagger file of version 2, from the folder of this file. Each of its operations is a route of the operation's id (charges.create is charges_create), answers with the description's examples or with values of its schemas, and is held against what the service sends: the standing check requests. {url} with the path of the description's first server is its address.
	OpenAPI string `yaml:"openapi"`
	// Which of its operations are played, by their ids. Defaults to all of them, up to 100.
	Operations notation.Words `yaml:"operations"`
	// The path below which its operations are, in place of that of the description's first server: /v2, or / for none.
	Prefix string `yaml:"prefix"`
	// Its routes, by name. A fault goes to one as DEPENDENCY.ROUTE, and its metrics are called so: stripe.charge.attempts.max. One with the name of an operation says only what is to be otherwise there; { response: { status: 402 } } is the answer that the description has for 402.
	Routes notation.Table[Route] `yaml:"routes"`
	// Passes on to somebody else's API what no route is for, and the requests of routes without a response, so that faults can be laid over it. Its place for faults and its metrics is DEPENDENCY.relayed.
	Relay *Relay `yaml:"relay"`
}

// Relay passes requests on to an API that somebody else runs.
type Relay struct {
	// Its address, for example https://api.example.com. Its host must be named by --allow-host. It gets GET and HEAD at 10 a second, unless --allow-load lifts that; no redirection is followed.
	To notation.Literal `yaml:"to,required"`
	// How long a whole answer may take. Defaults to 30s.
	Timeout Duration `yaml:"timeout"`
	// A file in which answers are kept, as routes without secrets and personal data. It must not be there, unless it is a recording.
	Record string `yaml:"record"`
}

// Route is one thing that an outside API is asked.
type Route struct {
	// Which requests it answers. Defaults to those of the operation of the route's name.
	Request RouteRequest `yaml:"request"`
	// What makes two requests the same business, for example "{form.metadata[cart]}": attempts and duplicates are counted by it. Defaults to the method, the path and the body.
	Key string `yaml:"key"`
	// A repeated key is answered as the first time, and not done again.
	Idempotency *Idempotency `yaml:"idempotency"`
	// What it answers. Defaults to 200 without a body.
	Response Response `yaml:"response"`
	// What it sends to the service afterwards.
	Webhook *Webhook `yaml:"webhook"`
}

// RouteRequest says which requests are meant. All that is given must hold.
type RouteRequest struct {
	// Defaults to any.
	Method string `yaml:"method"`
	// With places for parts: /rates/{currency}. They are {path.currency} in the answer, or {currency} for short. Must be there, unless it is the operation's.
	Path string `yaml:"path"`
	// Parameters of the query: a value, present, absent, or ~ with a regular expression.
	Query notation.Table[notation.JSON] `yaml:"query"`
	// Headers, in the same way.
	Headers notation.Table[notation.JSON] `yaml:"headers"`
	// Parts of a JSON body by their path, in the same way: order.id.
	JSON notation.Table[notation.JSON] `yaml:"json"`
	// Fields of a form, in the same way.
	Form notation.Table[notation.JSON] `yaml:"form"`
	// The whole body, in the same way.
	Body notation.JSON `yaml:"body"`
}

// Idempotency says how a caller marks a repetition.
type Idempotency struct {
	// The header with the caller's key.
	Header string `yaml:"header,required"`
	// The status for another payload under a key that is in use. Defaults to 422.
	Conflict int `yaml:"conflict"`
	// Whether a request without a key is refused, with 400.
	Required bool `yaml:"required"`
}

// Response is an answer.
type Response struct {
	// Defaults to 200.
	Status int `yaml:"status"`
	// Headers, with {placeholders}.
	Headers notation.Table[string] `yaml:"headers"`
	// A JSON body; texts in it may have {placeholders}, and "{n:int}" is a number.
	JSON notation.JSON `yaml:"json"`
	// Another body, with {placeholders}.
	Body string `yaml:"body"`
	// How long it takes without any fault. Defaults to no time.
	Latency Duration `yaml:"latency"`
}

// Webhook is a request that an outside API sends to the service once it has done what it
// was asked. A fault goes to it as DEPENDENCY.ROUTE.webhook (twice, late, before-answer,
// reordered, lost, wrong-signature), and its metrics are called so:
// stripe.charge.webhook.delivered.
type Webhook struct {
	// The process that gets it. Defaults to the entry.
	To string `yaml:"to"`
	// Where to.
	Path string `yaml:"path,required"`
	// Defaults to POST.
	Method string `yaml:"method"`
	// How long after the answer. Defaults to at once.
	Delay Duration `yaml:"delay"`
	// Headers, with {placeholders}.
	Headers notation.Table[string] `yaml:"headers"`
	// A JSON body; texts in it may have {placeholders}, as those of an answer.
	JSON notation.JSON `yaml:"json"`
	// How it is signed. Defaults to not at all.
	Sign Sign `yaml:"sign"`
	// How often it is sent at most, until it is answered with 2xx: after 250ms, 500ms, 1s and so on. Defaults to 5.
	Attempts int `yaml:"attempts"`
}

// Sign is how a webhook is signed: in one of these ways, or not at all.
type Sign struct {
	// The secret of a signature as Stripe has it: Stripe-Signature: t=…,v1=….
	Stripe string `yaml:"stripe"`
	// The secret of a signature as GitHub has it: X-Hub-Signature-256: sha256=….
	GitHub string `yaml:"github"`
	// The secret of a signature as Standard Webhooks has it (Svix, Clerk, OpenAI, Resend and others): webhook-id, webhook-timestamp, webhook-signature. It is base64, also behind whsec_: { generate: 32 } makes one.
	Standard string `yaml:"standard"`
	// A signature of another shape: Slack's, Shopify's and most others can be said so. One over the address, as Twilio has it, cannot.
	HMAC *HMAC `yaml:"hmac"`
}

// HMAC is a signature of a webhook's body.
type HMAC struct {
	// For example "{secrets.hooks}".
	Secret string `yaml:"secret,required"`
	// The header that bears it.
	Header string `yaml:"header,required"`
	// One of sha1, sha256 and sha512. Defaults to sha256.
	Algorithm string `yaml:"algorithm"`
	// hex or base64. Defaults to hex.
	Encoding string `yaml:"encoding"`
	// What stands before it, for example sha1= or "t={timestamp},v1=".
	Prefix string `yaml:"prefix"`
	// What is signed, of {body}, {timestamp} (seconds since 1970) and {id}, which is the same each time that one webhook is sent: "v0:{timestamp}:{body}" is Slack's. Defaults to "{body}".
	Signs string `yaml:"signs"`
	// A header that bears the timestamp, for example X-Slack-Request-Timestamp. Defaults to none.
	Timestamp string `yaml:"timestamp"`
	// A header that bears the id. Defaults to none.
	ID string `yaml:"id"`
}
