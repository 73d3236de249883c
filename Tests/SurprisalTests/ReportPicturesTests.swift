import Files
import Foundation
import Images
import Reports
import Testing

@testable import Surprisal

struct ReportPicturesTests {
  @Test(
    "What is flagged has its picture, a map of its size, and the most alike of the ordinary; of the others some do"
  )
  func pictures() throws {
    try FolderScanTests.folder(discs: 80, odd: 3) { folder in
      let model = try Discs.model()
      var pictures = try ReportPictures(model, reading: ImageReading(), compute: Discs.compute)
      var records: [Record] = []
      _ = try FolderScan().run(
        [FilePath(folder)], by: model, compute: Discs.compute, begin: { pictures.begin($0) }
      ) { record in pictures.add(record) { records.append($0) } }
      pictures.finish { records.append($0) }
      let flagged = records.filter { $0.outlier == true }
      #expect(flagged.count >= 3)
      let paths = Set(records.filter { $0.outlier == false }.map(\.file))
      for record in flagged {
        let found = try #require(record.pictures)
        let thumbnail = try #require(found.thumbnail)
        #expect((thumbnail.width, thumbnail.height) == (record.width, record.height))
        // A small image is shown to the pixel.
        let original = try ImageDecoder().decode(path: record.file).converted(toChannels: 3)
        #expect(try ImageDecoder().decode(thumbnail.bytes).converted(toChannels: 3) == original)
        #expect(found.map.map { [$0.width, $0.height] } == [model.shape.width, model.shape.height])
        #expect(found.nearest != nil && found.nearestFile.map(paths.contains) == true)
        #expect(found.nearestFile == record.nearest)
      }
      let shown = records.count { $0.outlier == false && $0.pictures?.thumbnail != nil }
      #expect((ReportPictures.ordinary...ReportPictures.ordinary + 1).contains(shown), "\(shown)")
      #expect(records.last?.error != nil && records.last?.pictures == nil)
    }
  }

  @Test("A large image is shown small, its aspect kept; a file that has gone meanwhile has no picture")
  func large() throws {
    try Discs.withFolder { folder in
      let wide = Bitmap(width: 900, height: 300, channels: 3, filledWith: 90)
      try wide.jpeg(quality: 90).write(to: URL(fileURLWithPath: "\(folder)/wide.jpg"))
      var pictures = try ReportPictures(try Discs.model(), reading: ImageReading(), compute: Discs.compute)
      for (name, wanted) in [("wide.jpg", [ReportPictures.side, 75]), ("gone.jpg", nil)] {
        var record = Record(file: FilePath("\(folder)/\(name)"))
        record.outlier = true
        var found: [Record] = []
        pictures.add(record) { found.append($0) }
        pictures.finish { found.append($0) }
        #expect(found.map(\.file) == [record.file])
        #expect(found[0].pictures?.thumbnail.map { [$0.width, $0.height] } == wanted)
      }
    }
  }
}
