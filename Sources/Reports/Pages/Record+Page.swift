import Files
import Foundation

// What templates take of records.

extension Record {
  /// What it is filtered by: the names of its troubles, or what its reason says before any number.
  var pageReasons: [String] {
    guard outlier == true else { return [] }
    if let named, !named.isEmpty { return named }
    let words = (reason ?? "").prefix { $0 != "(" && $0 != ":" && !$0.isNumber && $0 != "|" }
    let kind = words.trimmingCharacters(in: .whitespaces)
    return [kind.isEmpty ? "other" : kind]
  }

  /// The folder it lies in, as it is shown.
  var pageFolder: String {
    let folder = file.bytes.lastIndex(of: UInt8(ascii: "/")).map { Array(file.bytes[..<$0]) } ?? []
    return folder.isEmpty ? "." : "\(FilePath(bytes: folder))".printable
  }

  /// What stands with every element that is an image: what scripts sort, filter and save by.
  private func element(rank: Int, _ stem: PageStem) -> [String: Any] {
    var element: [String: Any] = [
      "path": path, "shownPath": stem.rest(of: file), "wholePath": path.printable, "folder": pageFolder,
      "rank": rank,
      "reasons": pageReasons.joined(separator: "|"), "bits": bitsPerDim.map(figure) ?? "",
      "pixels": width.flatMap { width in height.map { "\(width * $0)" } } ?? "",
    ]
    // An attribute does not keep every control character.
    if !file.isText || file.bytes.contains(where: { $0 < 0x20 }) {
      element["bytes"] = Data(file.bytes).base64EncodedString()
    }
    return element
  }

  private func figure(_ value: Double) -> String {
    value.isFinite ? String(format: "%.3f", value) : "none"
  }

  private var pageProbability: String {
    pValue.map { String(format: $0 < 0.0001 ? "%.0e" : "%.4f", $0) } ?? "unknown"
  }

  func card(rank: Int, _ stem: PageStem) -> [String: Any] {
    var card = element(rank: rank, stem)
    card["id"] = "odd-\(rank + 1)"
    card["content"] = content
    card["pValue"] = pageProbability
    card["score"] = score.map { String(format: "%.2f", $0) }
    card["bitsText"] = bitsPerDim.map {
      figure($0) + (standardError.map { " ± \(figure($0))" } ?? "") + " bits/dim"
    }
    card["size"] = size?.replacingOccurrences(of: "x", with: "×")
    card["format"] = format
    card["why"] = why(stem)
    card["thumbnail"] = pictures?.thumbnail?.content(alt: "picture of \(path.printable)")
    card["small"] = pictures?.thumbnail.map { max($0.width, $0.height) <= 64 }
    card["map"] = pictures?.map?.source
    card["nearest"] = pictures?.nearest?.content(
      alt: pictures?.nearestFile.map { "\($0)".printable } ?? "an image that the model keeps")
    card["profile"] = profile.flatMap { $0.isEmpty ? nil : PageProfile(levels: $0).content }
    return card
  }

  /// Every reason by itself, troubles by their names and with their own p-values.
  private func why(_ stem: PageStem) -> [[String: Any]] {
    let troubles = (troubles ?? []).filter(\.isNamed)
    var lines: [[String: Any]] = (reason ?? "").components(separatedBy: "; ").filter { !$0.isEmpty }.map {
      part in
      guard let trouble = troubles.first(where: { part.hasPrefix("\($0.name): ") }) else {
        return ["text": part.printable]
      }
      let words = part.dropFirst(trouble.name.count + 2)
      return [
        "name": trouble.name, "text": "\(words) (p \(String(format: "%.2g", trouble.pValue)))".printable,
      ]
    }
    if let tailPValue {
      lines.append(["text": String(format: "beyond all references; by the fitted tail p %.1g", tailPValue)])
    }
    if let copyOf { lines.append(["text": "shows the same as \(stem.rest(of: copyOf))"]) }
    if let warning { lines.append(["name": "warning:", "text": warning.printable]) }
    if let known { lines.append(["text": "the model was \(known) on it"]) }
    return lines
  }

  func unreadableRow(rank: Int, _ stem: PageStem) -> [String: Any] {
    var row = element(rank: rank, stem)
    row["error"] = (error ?? "").printable
    return row
  }
}

/// How far each noise level's error lies above or below the references' mean, as bars.
struct PageProfile {
  let levels: [Record.Level]

  /// 2 pixels a standard deviation, from the middle at 17, cut at 8.
  var content: [String: Any] {
    let bars: [[String: Any]] = levels.enumerated().map { index, level in
      let z = level.z.isNaN ? 8 : min(max(level.z, -8), 8)
      let top: Double = z > 0 ? 17 - 2 * z : 17
      return [
        "x": "\(index * 12)", "y": String(format: "%.1f", top),
        "height": String(format: "%.1f", abs(2 * z)),
        "title": String(
          format: "sigma %.3g: %+.1f sd, %.3f bits/dim", level.sigma, level.z, level.bitsPerDim),
      ]
    }
    let odd = levels.filter { abs($0.z) > 3 }.map { String(format: "%.2g", $0.sigma) }
    return [
      "width": levels.count * 12, "bars": bars,
      "label": "errors over noise levels, fine ones left"
        + (odd.isEmpty ? "" : "; more than 3 sd off at sigma \(odd.joined(separator: ", "))"),
    ]
  }
}
