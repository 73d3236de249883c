// Manual pages from a program's own help: surprisal --experimental-dump-help | manual FOLDER.
//
// ArgumentParser's plugin writes pages too, but builds the whole package anew for it, has one exit status for all, and no
// place for examples, files and environment.
import Foundation

@main
enum Manual {
  static func main() throws {
    guard CommandLine.arguments.count == 2 else {
      FileHandle.standardError.write(Data("usage: surprisal --experimental-dump-help | manual FOLDER\n".utf8))
      exit(64)
    }
    let folder = URL(fileURLWithPath: CommandLine.arguments[1], isDirectory: true)
    let help = try JSONDecoder().decode(
      CommandHelp.Root.self, from: FileHandle.standardInput.readDataToEndOfFile())
    guard help.serializationVersion == 0 else {
      FileHandle.standardError.write(Data("manual: help of version \(help.serializationVersion)\n".utf8))
      exit(1)
    }
    // reproducible-builds.org
    let date = Mdoc.date(
      ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap { Int($0) }
        ?? Int(Date().timeIntervalSince1970))
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let root = ManualPage(command: help.command, parent: nil, date: date)
    let pages = help.command.pages.map { ManualPage(command: $0, parent: help.command, date: date) }
    for page in [root] + pages {
      try Data(page.text.utf8).write(to: folder.appendingPathComponent(page.file))
      for name in page.links {
        let link = folder.appendingPathComponent(name)
        try? FileManager.default.removeItem(at: link)
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: page.file)
      }
    }
  }
}
