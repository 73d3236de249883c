/// What `surprisal --experimental-dump-help` tells of a command: the part of ArgumentParser's format, version 0, that pages
/// are made of.
struct CommandHelp: Decodable {
  struct Root: Decodable {
    let serializationVersion: Int
    let command: CommandHelp
  }

  struct Name: Decodable {
    let kind: String
    let name: String

    /// As typed, without the first dash, as mdoc's `Fl` takes it.
    var flag: String { kind == "long" ? "-\(name)" : name }
  }

  struct Argument: Decodable {
    /// `positional`, `option` or `flag`.
    let kind: String
    let names: [Name]?
    let preferredName: Name?
    let valueName: String?
    let abstract: String?
    let discussion: String?
    let defaultValue: String?
    let allValues: [String]?
    let sectionTitle: String?
    let isOptional: Bool
    let isRepeating: Bool
    let shouldDisplay: Bool
  }

  let commandName: String
  let abstract: String?
  let discussion: String?
  let aliases: [String]?
  let arguments: [Argument]?
  let subcommands: [CommandHelp]?

  /// Those that have pages: what the tool's own help command says, they say.
  var pages: [CommandHelp] { (subcommands ?? []).filter { $0.commandName != "help" } }
  var shown: [Argument] { (arguments ?? []).filter(\.shouldDisplay) }
}
