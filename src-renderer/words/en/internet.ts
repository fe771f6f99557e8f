export const INTERNET = {
  away: 'The internet is out of reach; this waits until it is back.',
  pagesAway: 'The publishers’ pages are on the internet, which is out of reach now.',
}
