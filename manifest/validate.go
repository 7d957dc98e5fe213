package manifest

// validate says all that is wrong with what the file means.
func (s *Service) validate() error {
	report := s.document.Problems()
	return report.Err()
}
