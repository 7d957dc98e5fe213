package port

const Lowest = lowest

var FirstEphemeral = firstEphemeral
