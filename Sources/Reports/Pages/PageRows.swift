import Foundation

/// The ordinary images of a page, for its script to list: a table of ten thousand rows would take seconds to lay out.
struct PageRows: Encodable {
  /// The folder of all, as it is shown.
  let stem: String
  /// As they are shown.
  private(set) var folders: [String] = []
  /// Each an array: path, folder's index, p-value, score, bits, width, height, format, and the path's bytes in Base64 where it is
  /// no text, the path as shown where that is another.
  private(set) var rows: [Row] = []
  private var places: [String: Int] = [:]

  enum CodingKeys: CodingKey { case stem, folders, rows }

  struct Row: Encodable {
    let record: Record
    let folder: Int

    func encode(to encoder: any Encoder) throws {
      var fields = encoder.unkeyedContainer()
      try fields.encode(record.path)
      try fields.encode(folder)
      for number in [record.pValue, record.score, record.bitsPerDim] {
        try fields.encode(number.map(JSONFigure.init))
      }
      try fields.encode(record.width)
      try fields.encode(record.height)
      try fields.encode(record.format)
      try fields.encode(record.file.base64)
      let shown = record.path.printable
      try fields.encode(shown == record.path ? nil : shown)
    }
  }

  init(stem: String) { self.stem = stem }

  mutating func append(_ record: Record) {
    let folder = record.pageFolder
    let place = places[folder] ?? folders.count
    if place == folders.count {
      folders.append(folder)
      places[folder] = place
    }
    rows.append(Row(record: record, folder: place))
  }

  /// JSON that no name in it can end the element around.
  var script: String {
    JSONEncoder.oneLine().text(self).replacingOccurrences(of: "<", with: "\\u003c")
  }
}
