package kubernetes

import (
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// manifests are what is applied, decoded strictly: a field that Kubernetes does not know is
// an error, and not ignored.
type manifests struct {
	account *corev1.ServiceAccount
	job     *batchv1.Job
	policy  *networkingv1.NetworkPolicy
}

func decode(text string) (m manifests, err error) {
	for document := range strings.SplitSeq(text, "\n---\n") {
		var kind metav1.TypeMeta
		if err = yaml.Unmarshal([]byte(document), &kind); err != nil {
			return m, err
		}
		var into any
		switch kind.APIVersion + " " + kind.Kind {
		case "v1 ServiceAccount":
			m.account = new(corev1.ServiceAccount)
			into = m.account
		case "batch/v1 Job":
			m.job = new(batchv1.Job)
			into = m.job
		case "networking.k8s.io/v1 NetworkPolicy":
			m.policy = new(networkingv1.NetworkPolicy)
			into = m.policy
		}
		if err = yaml.UnmarshalStrict([]byte(document), into); err != nil {
			return m, err
		}
	}
	return m, nil
}

// rendered is the chart with its values, some of them others. Of what Helm adds to Go's
// templates it uses quote and int alone.
func rendered(t *testing.T, values map[string]any) string {
	t.Helper()
	data, err := os.ReadFile("../helm/holdfast-workers/values.yaml")
	require.NoError(t, err)
	all := map[string]any{}
	require.NoError(t, yaml.Unmarshal(data, &all))
	maps.Copy(all, values)
	chart := template.New("workers.yaml").Option("missingkey=error").Funcs(template.FuncMap{
		"quote": strconv.Quote,
		"int":   func(v float64) int { return int(v) },
	})
	_, err = chart.ParseFiles("../helm/holdfast-workers/templates/workers.yaml")
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, chart.Execute(&b, map[string]any{"Values": all, "Release": map[string]any{"Name": "load"}}))
	return b.String()
}

func TestWorkersHaveNoRightsAndWriteNothing(t *testing.T) {
	plain, err := os.ReadFile("workers.yaml")
	require.NoError(t, err)
	for name, text := range map[string]string{"manifest": string(plain), "chart": rendered(t, nil)} {
		t.Run(name, func(t *testing.T) {
			m, err := decode(text)
			require.NoError(t, err)
			require.NotNil(t, m.job)
			require.NotNil(t, m.account)
			require.NotNil(t, m.policy)
			spec := m.job.Spec.Template.Spec
			require.Equal(t, batchv1.IndexedCompletion, *m.job.Spec.CompletionMode)
			require.Equal(t, m.job.Spec.Completions, m.job.Spec.Parallelism)
			require.Equal(t, m.account.Name, spec.ServiceAccountName)
			require.False(t, *spec.AutomountServiceAccountToken, "no token of the cluster")
			require.False(t, *m.account.AutomountServiceAccountToken)
			require.NotContains(t, text, "rbac.authorization.k8s.io")
			require.True(t, *spec.SecurityContext.RunAsNonRoot)
			require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, spec.SecurityContext.SeccompProfile.Type)
			require.Len(t, spec.Containers, 1)
			c := spec.Containers[0]
			require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
			require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
			require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
			require.Equal(t, c.Resources.Requests, c.Resources.Limits)
			for _, v := range c.VolumeMounts {
				require.True(t, v.ReadOnly)
			}
			require.Equal(t, []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}, m.policy.Spec.PolicyTypes)
			require.Empty(t, m.policy.Spec.Ingress)
			require.Len(t, m.policy.Spec.Egress, 3)
			for _, e := range m.policy.Spec.Egress {
				require.NotEmpty(t, e.To, "nobody is reached who is not named")
				require.NotEmpty(t, e.Ports)
			}
			for label, value := range m.policy.Spec.PodSelector.MatchLabels {
				require.Equal(t, value, m.job.Spec.Template.Labels[label], "the policy is that of the workers")
			}
		})
	}
}

// The chart with its own values is the manifest, but for names.
func TestTheChartIsTheManifest(t *testing.T) {
	plain, err := os.ReadFile("workers.yaml")
	require.NoError(t, err)
	a, err := decode(string(plain))
	require.NoError(t, err)
	b, err := decode(rendered(t, nil))
	require.NoError(t, err)
	require.Equal(t, a.job.Spec.Template.Spec.Containers, b.job.Spec.Template.Spec.Containers)
	require.Equal(t, a.job.Spec.Completions, b.job.Spec.Completions)
	require.Equal(t, a.policy.Spec.Egress, b.policy.Spec.Egress)
	c, err := decode(rendered(t, map[string]any{"workers": 7, "allowHosts": []any{"a", "b:1"}}))
	require.NoError(t, err)
	require.EqualValues(t, 7, *c.job.Spec.Completions)
	require.Subset(t, c.job.Spec.Template.Spec.Containers[0].Args, []string{"--allow-host=a", "--allow-host=b:1"})
}

func TestWhatKubernetesDoesNotKnowIsSeen(t *testing.T) {
	plain, err := os.ReadFile("workers.yaml")
	require.NoError(t, err)
	_, err = decode(strings.Replace(string(plain), "readOnlyRootFilesystem", "readOnlyRootFS", 1))
	require.ErrorContains(t, err, "unknown field")
}
