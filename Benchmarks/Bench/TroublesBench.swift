import ArgumentParser
import Detection
import Foundation
import Images

/// What a folder's images measure, and how unusual that is beside the others: the troubles of a scan without the rest of it.
struct TroublesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "troubles",
    abstract: "Measures a folder's images and prints p-values of each trouble, as JSON lines.")

  @Argument(help: "Image files and folders.") var paths: [String]
  @Option var size = 64
  @Option(help: "p-value from which down a trouble is named.") var level = 0.001

  private struct Line: Encodable {
    let path: String
    let troubles: [String: Double]
    let named: [String]
    let words: [String: String]
    let measures: Measures
  }

  func run() throws {
    var decoder = ImageDecoder()
    decoder.takesMeasures = true
    var found: [(file: String, measures: Measures)] = []
    ImageEnumerator().forEach(in: paths) { source in
      let image = try? source.load(decoder, as: ImageShape(height: size, width: size, channels: 3))
      if let measures = image?.measures { found.append(("\(source.path)", measures)) }
    }
    let troubles = try Troubles(fitting: found.map(\.measures))
    for (file, measures) in found {
      let pValues = troubles.pValues(measures)
      let named = Trouble.allCases.filter { (pValues[$0] ?? 1) <= level }
      let line = Line(
        path: file, troubles: Dictionary(uniqueKeysWithValues: pValues.map { ($0.rawValue, $1) }),
        named: named.map(\.rawValue),
        words: Dictionary(uniqueKeysWithValues: named.map { ($0.rawValue, troubles.words($0, measures)) }),
        measures: measures)
      print(String(decoding: try JSONEncoder().encode(line), as: UTF8.self))
    }
  }
}
