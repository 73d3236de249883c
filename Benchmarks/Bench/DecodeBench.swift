import ArgumentParser
import Files
import Foundation
import Images
import Synchronization

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

/// Decodes and resamples files: what Benchmarks/peers times beside others.
struct LoadBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load", abstract: "Decodes and resamples files, and prints the seconds it took.")

  @Argument(help: "Image files and folders.") var paths: [String]
  @Option var size = 64
  @Option(help: "Threads that decode; 0: as many as there are cores.") var threads = 1
  @Flag(help: "Measure each image, too (Measures).") var measures = false

  func run() throws {
    let start = ContinuousClock.now
    var sources: [ImageSource] = []
    ImageEnumerator().forEach(in: paths) { sources.append($0) }
    let count = threads > 0 ? threads : ProcessInfo.processInfo.activeProcessorCount
    let failure = Mutex<ImageError?>(nil)
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: count) { [sources] _ in
      var decoder = ImageDecoder()
      decoder.takesMeasures = measures
      let shape = ImageShape(height: size, width: size, channels: 3)
      while case let index = next.add(1, ordering: .relaxed).oldValue, index < sources.count {
        do throws(ImageError) { _ = try sources[index].load(decoder, as: shape) } catch {
          failure.withLock { $0 = error }
        }
      }
    }
    if let error = failure.withLock({ $0 }) { throw error }
    print(String(format: "%.6f", (ContinuousClock.now - start) / .seconds(1)))
  }
}

/// What measuring costs beside decoding, both in turn on one thread.
struct MeasuringBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "measuring", abstract: "Decodes files with and without measuring them, in turn.")

  @Argument(help: "Image files and folders.") var paths: [String]
  @Option var size = 64
  @Option var rounds = 9

  func run() throws {
    var sources: [ImageSource] = []
    ImageEnumerator().forEach(in: paths) { sources.append($0) }
    var decoder = ImageDecoder()
    let shape = ImageShape(height: size, width: size, channels: 3)
    // Of the processor: what else the machine does is no part of it.
    func milliseconds(_ measures: Bool) throws -> Double {
      decoder.takesMeasures = measures
      let start = clock()
      for source in sources { _ = try source.load(decoder, as: shape) }
      return Double(clock() - start) / Double(CLOCKS_PER_SEC) * 1000 / Double(sources.count)
    }
    _ = try milliseconds(true)
    var pairs: [(without: Double, with: Double)] = []
    for _ in 0..<rounds { pairs.append((try milliseconds(false), try milliseconds(true))) }
    func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
    print(
      String(
        format: "%d files: %.2f ms each, measured %.2f ms; %+.1f %% (median of %d pairs)", sources.count,
        median(pairs.map(\.without)), median(pairs.map(\.with)),
        100 * (median(pairs.map { $0.with / $0.without }) - 1), rounds))
  }
}
