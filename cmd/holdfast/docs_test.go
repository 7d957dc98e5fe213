package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"holdfast.dev/holdfast/adapter"
	"holdfast.dev/holdfast/fakes/smtpserver"
	"holdfast.dev/holdfast/fakes/stub"
	"holdfast.dev/holdfast/fault"
	"holdfast.dev/holdfast/harness/chaos"
	"holdfast.dev/holdfast/reference/settings"
	"holdfast.dev/holdfast/scenarios"
)

var update = flag.Bool("update", false, "write the generated parts of docs/ anew")

// generated compares a part of a document, from a marker to its end, with what
// the code says.
func generated(t *testing.T, path, marker, want string) {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	head, got, found := strings.Cut(string(data), marker+"\n")
	require.True(t, found, "%s has no marker %s", path, marker)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(head+marker+"\n"+want), 0o644))
		return
	}
	require.Equal(t, want, got, "%s is out of date: go test ./cmd/holdfast -update", path)
}

func TestTheContractListsEveryVariable(t *testing.T) {
	var b strings.Builder
	b.WriteString("\n| variable | default | meaning |\n|---|---|---|\n")
	for _, v := range settings.All() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", v.Name, code(v.Default), strings.ReplaceAll(v.Meaning, "|", "\\|"))
	}
	b.WriteString("\n## Protections and how to take each away\n\n| protection | what it does | taken away by |\n|---|---|---|\n")
	for _, p := range scenarios.Protections() {
		for name, off := range p.Off {
			fmt.Fprintf(&b, "| `%s` | %s | `%s=%s` |\n", p.Name, p.About, name, off)
		}
	}
	generated(t, "../../docs/target-contract.md", "<!-- generated from the code -->", b.String())
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}

func TestTheManualOfFaultsIsWhatTheCodeSays(t *testing.T) {
	const path = "../../docs/faults.md"
	var want bytes.Buffer
	require.NoError(t, fault.WriteManual(&want,
		adapter.Support(), stub.WebhookSupport(true), onlyKeys(), smtpserver.Support(), chaos.ProxySupport(), chaos.ProcessSupport(), chaos.SessionsSupport()))
	if *update {
		require.NoError(t, os.WriteFile(path, want.Bytes(), 0o644))
	}
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got), "%s is out of date: go test ./cmd/holdfast -update", path)
}

// onlyKeys is what can be done to the e-mail API beside what can be to any fake.
func onlyKeys() fault.Support {
	s := adapter.EmailSupport(adapter.KeyInFile)
	s.Kinds = slices.DeleteFunc(s.Kinds, func(c fault.Carried) bool { return adapter.Support().Carries(c.Kind) })
	s.About = "the e-mail API, beside what any fake can do, where the target has its key in a file"
	s.Selectors, s.Sequences = nil, false
	return s
}

// A kind that no place carries out would be a promise.
func TestEveryKindOfTheCatalogueIsCarriedOutSomewhere(t *testing.T) {
	for _, row := range fault.Catalogue() {
		somewhere := false
		for _, place := range []fault.Support{adapter.EmailSupport(adapter.KeyInFile), stub.WebhookSupport(true), chaos.ProxySupport(), chaos.ProcessSupport(), chaos.SessionsSupport()} {
			somewhere = somewhere || place.Carries(row.Name)
		}
		require.True(t, somewhere, row.Name)
	}
}
