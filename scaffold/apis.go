package scaffold

import "strings"

// api is an outside API that has a library of its own, in which its host is a constant.
type api struct {
	name     string
	packages []string
	hosts    []string
	said     string
}

// apis are those that are known by their libraries.
func apis() []api {
	return []api{
		{name: "stripe", packages: words("stripe stripe-ruby stripe-java stripe/stripe-php stripity_stripe github.com/stripe/stripe-go"), hosts: words("https://api.stripe.com")},
		{name: "twilio", packages: words("twilio twilio-ruby twilio/sdk ex_twilio github.com/twilio/twilio-go"), hosts: words("https://api.twilio.com")},
		{name: "sendgrid", packages: words("sendgrid @sendgrid/mail sendgrid-ruby sendgrid/sendgrid github.com/sendgrid/sendgrid-go"), hosts: words("https://api.sendgrid.com")},
		{name: "mailgun", packages: words("mailgun mailgun.js mailgun-ruby mailgun/mailgun-php github.com/mailgun/mailgun-go"), hosts: words("https://api.mailgun.net")},
		{name: "postmark", packages: words("postmarker postmark postmark-rails wildbit/postmark-php"), hosts: words("https://api.postmarkapp.com")},
		{name: "resend", packages: words("resend resend/resend-php resend/resend-laravel github.com/resend/resend-go")},
		{name: "openai", packages: words("openai ruby-openai openai-php/client openai-php/laravel ex_openai github.com/openai/openai-go github.com/sashabaranov/go-openai"), hosts: words("https://api.openai.com")},
		{name: "anthropic", packages: words("anthropic @anthropic-ai/sdk github.com/anthropics/anthropic-sdk-go"), hosts: words("https://api.anthropic.com")},
		{name: "slack", packages: words("slack-sdk slack_sdk @slack/web-api @slack/bolt slack-ruby-client github.com/slack-go/slack"), hosts: words("https://slack.com")},
		{name: "paypal", packages: words("paypalrestsdk @paypal/checkout-server-sdk paypal/paypal-checkout-sdk github.com/plutov/paypal"), hosts: words("https://api-m.paypal.com")},
		{name: "plaid", packages: words("plaid-python plaid github.com/plaid/plaid-go"), hosts: words("https://production.plaid.com")},
		{name: "algolia", packages: words("algoliasearch algoliasearch-rails algolia/algoliasearch-client-php")},
		{name: "github", packages: words("pygithub octokit @octokit/rest github.com/google/go-github knplabs/github-api"), hosts: words("https://api.github.com")},
		{name: "sentry", packages: words("sentry-sdk @sentry/node sentry-ruby sentry-rails sentry/sentry-laravel github.com/getsentry/sentry-go sentry-spring-boot-starter"), said: "Sentry sends nothing while SENTRY_DSN is empty, so nothing plays it"},
		{name: "s3", packages: words("boto3 aioboto3 @aws-sdk/client-s3 aws-sdk aws-sdk-s3 aws/aws-sdk-php github.com/aws/aws-sdk-go-v2/service/s3 ex_aws_s3"), said: "AWS' libraries take another endpoint from AWS_ENDPOINT_URL, or AWS_ENDPOINT_URL_S3 for S3 alone"},
	}
}

// dependency is what is known of the API.
func (a api) dependency() Dependency {
	d := Dependency{Kind: "http", Name: a.name, Hosts: a.hosts}
	if a.name == "resend" {
		d.Kind = "resend"
	}
	if len(a.hosts) > 0 {
		d.Said = append(d.Said, "its library calls "+strings.Join(a.hosts, " and ")+", and is led here")
	}
	if a.said != "" {
		d.Said = append(d.Said, a.said)
	}
	return d
}

// guard is what keeps a service from calling loopback addresses (SSRF), and with them
// the fakes of a run: a package, or a setting with the value that lets them in.
type guard struct {
	packages        []string
	variable, value string
	fix             string
}

// guards are those that are known.
func guards() []guard {
	return []guard{
		{packages: words("ssrf_filter"), fix: "the gem ssrf_filter refuses loopback addresses, where fakes are, and has no setting that lets them in: call without it where a variable of yours says that it is a run"},
		{packages: words("request-filtering-agent ssrf-req-filter"), fix: "the agent against SSRF refuses loopback addresses, where fakes are: request-filtering-agent lets them in by allowIPAddressList: [127.0.0.1], ssrf-req-filter has to be left out in a run"},
		{packages: words("advocate"), fix: "Advocate refuses loopback addresses, where fakes are: give it an AddrValidator with 127.0.0.0/8 in its ip_whitelist in a run"},
		{packages: words("github.com/doyensec/safeurl"), fix: "safeurl refuses loopback addresses, where fakes are: give its configuration AllowedIPs 127.0.0.1, and the ports of the run as AllowedPorts"},
		{variable: "ALLOWED_PRIVATE_ADDRESSES", value: "127.0.0.1", fix: letsIn},
		{variable: "ALLOWED_PRIVATE_IP_ADDRESSES", value: "127.0.0.1", fix: letsIn},
		{variable: "WEBHOOK_ALLOWED_PRIVATE_ADDRESSES", value: "127.0.0.1", fix: letsIn},
		{variable: "SVIX_WHITELIST_SUBNETS", value: `["127.0.0.1/32"]`, fix: letsIn},
		{variable: "ALLOW_PRIVATE_IP_ADDRESS", value: "true", fix: letsIn},
	}
}

const letsIn = "the service refuses loopback addresses, where fakes are (against SSRF), and this lets them in"
