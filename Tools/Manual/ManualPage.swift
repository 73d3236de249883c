/// The manual page of a command: its help, and what help has no place for.
struct ManualPage {
  let command: CommandHelp
  /// Nil for the tool itself.
  let parent: CommandHelp?
  let date: String

  private var root: CommandHelp { parent ?? command }

  /// `surprisal`, `surprisal-scan`.
  var name: String { Self.name(command, of: parent) }

  private static func name(_ command: CommandHelp, of parent: CommandHelp?) -> String {
    parent.map { "\($0.commandName)-\(command.commandName)" } ?? command.commandName
  }

  /// As typed.
  private var typedName: String {
    parent.map { "\($0.commandName) \(command.commandName)" } ?? command.commandName
  }

  /// Names of files that are to be links to the page, for the command's other names.
  var links: [String] { (command.aliases ?? []).map { "\(root.commandName)-\($0).1" } }

  /// Of its file.
  var file: String { "\(name).1" }

  var text: String {
    var lines = [
      ".Dd \(date)", ".Dt \(name.uppercased()) 1", ".Os", ".Sh NAME", ".Nm \(name)",
      ".Nd \(Mdoc.escaped(abstract))",
    ]
    lines += synopsis
    lines.append(".Sh DESCRIPTION")
    lines += Mdoc.filled(command.discussion ?? command.abstract ?? "")
    if let aliases = command.aliases, !aliases.isEmpty {
      lines += [".Pp", "The command is also called"] + aliases.map { ".Cm \($0) ." }
    }
    lines += subcommands
    lines += options
    lines += section("ENVIRONMENT", PageNotes.environment)
    lines += section("FILES", PageNotes.files(of: parent == nil ? nil : command.commandName))
    lines += section("EXIT STATUS", PageNotes.exits(of: parent == nil ? nil : command.commandName))
    lines += examples
    lines += seeAlso
    return lines.joined(separator: "\n") + "\n"
  }

  /// Without its full stop.
  private var abstract: String {
    let text = command.abstract ?? ""
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  private var synopsis: [String] {
    guard parent != nil else {
      return [".Sh SYNOPSIS", ".Nm \(root.commandName)", ".Ar command", ".Op Ar arguments"]
    }
    let arguments = command.shown.map { argument -> String in
      let value = Mdoc.escaped(argument.valueName ?? "")
      let dots = argument.isRepeating ? " ..." : ""
      let word =
        switch argument.kind {
        case "positional": "Ar \(value)\(dots)"
        case "option": "Fl \(Mdoc.escaped(argument.preferredName?.flag ?? "")) Ar \(value)\(dots)"
        default: "Fl \(Mdoc.escaped(argument.preferredName?.flag ?? ""))"
        }
      return argument.isOptional ? ".Op \(word)" : ".\(word)"
    }
    return [".Sh SYNOPSIS", ".Nm \(typedName)"] + arguments
  }

  private var subcommands: [String] {
    guard !command.pages.isEmpty else { return [] }
    return [".Pp", "The commands:", ".Bl -tag -width evaluate"]
      + command.pages.flatMap { sub in
        [".It Cm \(sub.commandName)"] + Mdoc.filled(sub.abstract ?? "")
          + [".Xr \(Self.name(sub, of: command)) 1"]
      } + [".El"]
  }

  /// In sections of their titles, in the order of help.
  private var options: [String] {
    var titles: [String?] = []
    for argument in command.shown where !titles.contains(argument.sectionTitle) {
      titles.append(argument.sectionTitle)
    }
    var lines = [".Sh OPTIONS"]
    for title in titles {
      if let title { lines.append(".Ss \(Mdoc.escaped(title))") }
      lines.append(".Bl -tag -width Ds")
      for argument in command.shown where argument.sectionTitle == title { lines += item(argument) }
      lines.append(".El")
    }
    return lines
  }

  private func item(_ argument: CommandHelp.Argument) -> [String] {
    let value = Mdoc.escaped(argument.valueName ?? "")
    let names = (argument.names ?? []).map { "Fl \(Mdoc.escaped($0.flag))" }.joined(separator: " , ")
    let head =
      switch argument.kind {
      case "positional": "Ar \(value)"
      case "option": "\(names) Ar \(value)"
      default: names
      }
    var text = [argument.abstract, argument.discussion].compactMap { $0 }.joined(separator: "\n\n")
    let standard = argument.defaultValue.map { " (default: \($0))" } ?? ""
    if let values = argument.allValues, !values.isEmpty, !text.contains(values[0]) {
      text += " One of \(values.joined(separator: ", "))\(standard)."
    } else if !text.contains("(default") {
      text = (text.hasSuffix(".") ? String(text.dropLast()) : text) + standard + "."
    }
    return [".It \(head)"] + Mdoc.filled(text)
  }

  private func section(_ title: String, _ items: [(name: String, text: String)]) -> [String] {
    guard !items.isEmpty else { return [] }
    return [".Sh \(title)", ".Bl -tag -width Ds"]
      + items.flatMap { [".It \($0.name)"] + Mdoc.filled($0.text) } + [".El"]
  }

  private var examples: [String] {
    let examples = PageNotes.examples(of: parent == nil ? nil : command.commandName)
    guard !examples.isEmpty else { return [] }
    return [".Sh EXAMPLES"]
      + examples.enumerated().flatMap { index, example in
        (index > 0 ? [".Pp"] : []) + Mdoc.filled(example.purpose) + [Mdoc.typed(example.command)]
      }
  }

  private var seeAlso: [String] {
    let names = ([Self.name(root, of: nil)] + root.pages.map { Self.name($0, of: root) }).filter {
      $0 != name
    }
    .sorted()
    return [".Sh SEE ALSO"]
      + names.enumerated().map { ".Xr \($1) 1\($0 + 1 < names.count ? " ," : "")" }
  }
}
