package fault

// Foreign and Akin let the tests look through both tables of names.

func Foreign() map[string]string { return foreign() }

func Akin() [][]string { return akin() }
