// Package deploy is tests only: what is given to CI systems is carried out, and the image
// is built and run.
package deploy
