package manifest

import (
	"fmt"
	"slices"
	"strings"
)

// hint says what a key that there is not means in another tool, and what it is called
// here.
func hint(key string, known []string) string {
	for _, ours := range foreign()[key] {
		if slices.Contains(known, ours) {
			return fmt.Sprintf("; here it is called %s", ours)
		}
	}
	for _, ours := range foreign()[strings.ToLower(key)] {
		if slices.Contains(known, ours) {
			return fmt.Sprintf("; here it is called %s", ours)
		}
	}
	if said := elsewhere()[key]; said != "" {
		return "; " + said
	}
	return ""
}

// foreign has what other tools call things: Compose first, then k6, Toxiproxy,
// WireMock, Artillery and Hurl.
func foreign() map[string][]string {
	return map[string][]string{
		"services": {"processes"}, "environment": {"env"}, "healthcheck": {"ready"}, "readiness": {"ready"}, "entrypoint": {"command"},
		"cmd": {"command", "run"}, "args": {"command"}, "exec": {"run", "command"}, "cwd": {"working_dir"}, "workdir": {"working_dir"}, "dir": {"working_dir"},
		"volumes": {"data"}, "expose": {"ports", "port"}, "mem_limit": {"limits", "memory"}, "memory": {"limits"}, "cpus": {"limits"}, "deploy": {"limits"}, "resources": {"limits"},
		"scale": {"replicas"}, "links": {"depends_on"}, "depends": {"depends_on"}, "container_name": {"name"}, "stop_timeout": {"stop_grace_period"},
		"databases": {"dependencies"}, "env_passthrough": {"pass_env"}, "passenv": {"pass_env"}, "vars": {"vary", "parameters"}, "variables": {"vary", "parameters"}, "params": {"parameters"},
		"address": {"url"}, "database": {"postgres"}, "postgresql": {"postgres"}, "db": {"postgres"}, "mail": {"smtp"}, "api": {"http"}, "mock": {"http"}, "stub": {"http"},
		"thresholds": {"checks"}, "assertions": {"checks"}, "asserts": {"checks"}, "expect": {"ok"}, "check": {"checks"}, "duration": {"timeline"}, "executor": {"rate"},
		"target": {"rate", "to", "at"}, "startRate": {"rate"}, "arrivalRate": {"rate"}, "rps": {"rate"}, "qps": {"rate"}, "tags": {"name"}, "startTime": {"start_at"},
		"maxVUs": {"max_in_flight"}, "flow": {"steps"}, "toxics": {"faults"}, "toxic": {"fault"}, "type": {"fault"}, "place": {"at"}, "on": {"at"}, "where": {"at"},
		"upstream": {"address"}, "phase": {"during"}, "when": {"during"}, "in": {"during"}, "delay": {"after"}, "description": {"claim", "about"}, "about": {"claim"}, "claim": {"about"},
		"mappings": {"routes"}, "endpoints": {"routes"}, "urlPath": {"path"}, "url": {"path", "address"}, "urlPathTemplate": {"path"}, "jsonBody": {"json"}, "serveEventListeners": {"webhook"}, "callback": {"webhook"},
		"beforeScenario": {"setup"}, "migrate": {"once"}, "before": {"once"}, "before_each": {"each"}, "captures": {"capture"}, "extract": {"capture"}, "uri": {"path"}, "query": {"path", "sql"}, "method": {"request"},
		"path": {"request"}, "off": {"without"}, "without_env": {"without"}, "disable": {"without"}, "proves": {"protections"}, "guards": {"protections"}, "header": {"headers"}, "body_json": {"json"}, "status_code": {"status"},
		"code": {"status"}, "stream": {"stream"}, "until": {"for"}, "warmup": {"warm_up"}, "warm-up": {"warm_up"}, "recovery": {"heal"}, "cooldown": {"drain"}, "fault_at": {"at"}, "processs": {"processes"}, "journeys": {"steps"},
	}
}

// elsewhere has words of other tools for which there is no such key here.
func elsewhere() map[string]string {
	const openModel = "load is an open model here: say how many a second with rate, and for how long with timeline"
	const asText = `a fault is one text: fault: "delay 3s"`
	return map[string]string{
		"vus": openModel, "iterations": openModel, "users": openModel, "concurrency": openModel, "arrivalCount": openModel, "preAllocatedVUs": openModel,
		"options": "its keys stand on their own here", "phases": "their lengths are under timeline",
		"latency": asText, "jitter": asText, "attributes": asText, "toxicity": `a fault is one text: fault: "reset p=0.1"`,
		"reset_peer": `a fault is one text: fault: "reset"`, "limit_data": `a fault is one text: fault: "limit-data 1kB"`, "slicer": `a fault is one text: fault: "slicer 1B"`,
		"bandwidth": `a fault is one text: fault: "bandwidth 16KiB"`, "slow_close": asText, "down": `a fault is one text: fault: "refuse cut"`,
		"timeout":  `a timeout of Toxiproxy's is a fault here: fault: "black-hole"`,
		"networks": "each dependency is reached by its own address; there is nothing to set", "network_mode": "each dependency is reached by its own address; there is nothing to set",
		"env_file": "name each variable under env, or pass one of the shell by pass_env",
		"extends":  "a file stands for itself; anchors and << work within it", "include": "a file stands for itself",
		"replaces": "playing a host that is a constant in the code is not read by this version yet", "openapi": "this is not read here",
		"script": "there is no shell and no code in this file: write a command as a list", "shell": "there is no shell here: write a command as a list", "retries": "nothing is sent twice here",
	}
}
