import ArgumentParser
import Detection
import Files
import Foundation
import Images
import Reports
import Surprisal

/// A report of so many images as a page, for its size and how fast it opens: records that are made up, pictures that are not.
struct PagesBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pages", abstract: "Writes a report of many images; Tests/Pages/load.py says how it opens.")

  @Option(parsing: .upToNextOption, help: "Images whose thumbnails stand on it.") var images: [String]
  @Option(help: "Images that the report speaks of.") var count = 10_000
  @Option(help: "Of them flagged.") var flagged = 100
  @Option(help: "The page.") var output: String

  func run() throws {
    let pictures = try Subject.read(images, ImageShape(height: 168, width: 224, channels: 3), 200)
    let thumbnails = try pictures.indices.map { index in
      try Record.Picture(.jpeg, pictures[index].jpeg(quality: 82), width: 224, height: 168)
    }
    let maps = try pictures.indices.prefix(8).map { index in
      let small = pictures[index].converted(toChannels: 1).resampled(width: 32, height: 32)
      let map = HeatMap.bitmap(small.pixels.map(Double.init), width: 32, height: 32, most: 255)
      return try Record.Picture(.png, map.png(), width: 32, height: 32)
    }
    let started = ContinuousClock.now
    var writer = RecordWriter(.html)
    var page = writer.begin(ReportTotals(scored: count, outliers: flagged, unreadable: 0))
    let shown = max((count - flagged) / ReportPictures.ordinary, 1)
    for rank in 0..<count {
      var record = Record(
        file: FilePath("collection/part-\(rank % 40)/photograph-\(rank * 7919 % count).jpg"))
      record.score = 30 * exp(-Double(rank) / Double(flagged))
      record.pValue = Double(rank + 1) / Double(count + 1)
      record.outlier = rank < flagged
      record.statistic = "appearance"
      record.reason = "what it shows 4.3 times as far from the middle as ordinary"
      (record.width, record.height, record.format) = (4000, 3000, "JPEG")
      record.content = String(repeating: "0123456789abcdef", count: 4)
      if rank < flagged || (rank - flagged) % shown == 0 {
        var pictures = Record.Pictures()
        pictures.thumbnail = thumbnails[rank % thumbnails.count]
        if rank < flagged {
          pictures.map = maps[rank % maps.count]
          pictures.nearest = thumbnails[(rank * 31 + 1) % thumbnails.count]
        }
        record.pictures = pictures
      }
      page += writer.line(record)
    }
    page += writer.end
    let seconds = (ContinuousClock.now - started) / .seconds(1)
    try page.write(toFile: output, atomically: true, encoding: .utf8)
    print(
      String(
        format: "%d images, %d flagged: %.2f MB, written in %.2f s", count, flagged,
        Double(page.utf8.count) / 1e6, seconds))
  }
}
