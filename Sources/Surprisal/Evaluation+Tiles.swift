import Detection
import Files
import Images

extension Evaluation {
  /// Scores every image of a set by its tiles; masks are held against maps of how odd tiles are, at the size of these.
  func score(_ set: ImageSet, by tiles: TileScorer, _ progress: (Int) -> Void) throws -> Scores {
    var result = Scores(name: set.name)
    var marks = Marks()
    let (calibration, channels) = (calibration, tiles.scorer.shape.channels)
    // Maps are by the first.
    let names = calibration.ranked
    let stream = ImageStream(set.paths, shape: nil, reading: reading, limit: limit, ahead: 8)
    defer { stream.cancel() }
    let stems = masks.isEmpty ? [:] : stems(of: set)
    while case let images = stream.next(4), !images.isEmpty {
      var files: [(path: FilePath, encoded: EncodedImage)] = []
      for image in images where !isMask(image.file, among: stems) {
        if case .encoded(let encoded) = image.form {
          files.append((image.file, encoded))
        } else {
          result.unreadable += 1
        }
      }
      let encoded = files.map(\.encoded)
      try tiles.score(
        files.count, by: names, maps: masks.isEmpty ? [] : [.oddness], reading.decoder,
        calibration: { _ in calibration }, open: { index throws(ImageError) in encoded[index] },
        each: { index, found in
          guard case .success(let image) = found else {
            result.unreadable += 1
            return
          }
          result.count += 1
          if image.evaluations > 0 { result.bitsPerDim.append(image.bitsPerDim) }
          for (place, name) in names.enumerated() {
            result.scores[name, default: []].append(image.score(place, by: name, calibration))
          }
          guard let map = image.maps[.oddness] else { return }
          let shape = ImageShape(height: map.height, width: map.width, channels: channels)
          marks.add(map.values, try mask(of: files[index].path, shape), of: files[index].path)
        })
      progress(result.count)
    }
    try finish(&result, marks)
    return result
  }
}
