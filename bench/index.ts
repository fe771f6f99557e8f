import '../src-shared/polyfill'
