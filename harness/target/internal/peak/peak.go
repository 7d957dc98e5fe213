// Package peak finds the most memory that a process ever had resident.
//
// Enter at [Start].
package peak
