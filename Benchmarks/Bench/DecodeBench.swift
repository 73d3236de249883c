import ArgumentParser
import Files
import Foundation
import Images

/// Decodes files at their own size into PNM files, for comparison with another decoder.
struct DecodeDump: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode", abstract: "Decodes images into FOLDER/N.pnm and lists what became of each.")

  @Argument(help: "Files and folders.") var paths: [String]
  @Option(help: "Folder for the pixels.") var output: String

  func run() throws {
    try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
    var index = 0
    ImageEnumerator().forEach(in: paths) { source in
      guard case .file(let path) = source else { return }
      do {
        let image = try ImageDecoder().decode(path: "\(path)")
        let header = "P\(image.channels == 1 ? 5 : 6)\n\(image.width) \(image.height)\n255\n"
        let file = URL(fileURLWithPath: "\(output)/\(index).pnm")
        try? (Data(header.utf8) + Data(image.pixels)).write(to: file)
        print("\(path)\t\(index).pnm")
        index += 1
      } catch { print("\(path)\t!\(error)") }
    }
  }
}

/// Decodes and resamples files on one thread: what Benchmarks/peers/decoding.py times beside others.
struct LoadBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Decodes and resamples files, and prints the seconds it took.")

  @Argument(help: "Image files.") var paths: [String]
  @Option var size = 64

  func run() throws {
    let start = ContinuousClock.now
    for path in paths {
      _ = try ImageSource.file(FilePath(path)).load(
        ImageDecoder(), as: ImageShape(height: size, width: size, channels: 3))
    }
    print(String(format: "%.6f", (ContinuousClock.now - start) / .seconds(1)))
  }
}
