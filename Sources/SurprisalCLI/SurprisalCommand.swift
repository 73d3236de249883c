import ArgumentParser

@main
struct SurprisalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "surprisal",
    abstract: "Tells which images do not belong, in bits per dimension.",
    version: "0.1.0")
}
