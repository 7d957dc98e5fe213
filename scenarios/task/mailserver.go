package task

import (
	"slices"

	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness"
	"holdfast.dev/holdfast/scenarios/contract"
)

// What the place that mail is sent to says, as faults have it: the status of an API, or the
// reply of a mail server.

// refusing says no for good.
func (s *service) refusing() string {
	return s.says("status 403"+s.named("invalid_api_key"), "status 550")
}

// down says that it cannot now, broken that something went wrong: both may pass.
func (s *service) down() string   { return s.says("status 503", "status 451") }
func (s *service) broken() string { return s.says("status 500", "status 451") }

// says is the one that the place understands.
func (s *service) says(api, mailServer string) string {
	if s.SMTP {
		return mailServer
	}
	return api
}

// api is needed by whatever a mail server cannot say.
func (s *service) api(what string) {
	if s.SMTP {
		s.untold = append(s.untold, contract.Untold{Key: "a mail server " + what})
	}
}

// once is the part of a claim that nobody gets a mail twice although whoever sends it is
// interrupted: a mail server cannot tell a mail that it had before.
func (s *service) once(words string) string { return s.says(words, "") }

// tells reports whether it is known in a scenario of each mail whether it was sent before: a
// mail server that took one on is sent it once more by whoever did not live to hear of it.
func (s *service) tells(sc harness.Scenario) bool {
	return !s.SMTP || !slices.ContainsFunc(sc.Faults, func(f harness.Fault) bool { return f.On != s.Far && f.Kind != fault.Terminate{} })
}

// replyClass is the class of a mail server's reply.
func replyClass(code int) contract.Class {
	switch code / 100 {
	case 2:
		return sent
	case 4:
		return contract.Temporary
	case 5:
		return contract.Permanent
	}
	return contract.Unknown
}
