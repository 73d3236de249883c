import Files
import Foundation
import Tensors

/// The program that runs, to tell what it found from what another would find.
enum Program {
  /// What its results depend on beside what it is asked: itself and the libraries it has in memory, by name, size and time, and the
  /// instructions that the network is computed with. So nobody has to say when a result is not worth keeping any more.
  static let fingerprint: String = {
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    var names = Set<Substring>()
    for line in maps.split(separator: "\n") {
      // Parts of files that may run; the path is the sixth field, and may hold blanks.
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      if fields.count == 6, fields[1].contains("x"), fields[5].hasPrefix("/") { names.insert(fields[5]) }
    }
    let parts = names.sorted().map { name in
      guard let stamp = FilePath(String(name)).stamp else { return "\(name) gone" }
      return "\(name) \(stamp.size) \(stamp.modified)"
    }
    let text = parts.joined(separator: "\n") + "\n\(Engine.version) \(Engine.instructions)"
    return Array(text.utf8).sha256
  }()
}
