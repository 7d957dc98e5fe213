// Package kubernetes is tests only: manifests and chart are held against Kubernetes' types.
package kubernetes
